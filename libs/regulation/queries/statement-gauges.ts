import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { STATEMENT_STATUSES } from '../statement.js';
import { statementsView } from '../views/statements.js';
import { readSending } from './sending-row.js';

const OLDEST = `SELECT coalesce(extract(epoch FROM to_timestamp($1::float8 / 1000) - min(queued_at)), 0)::float8 AS age
  FROM ${viewTable(statementsView)} WHERE status = 'waiting'`;
const COUNTS = `SELECT coalesce(sum(waiting), 0)::float8 AS waiting, coalesce(sum(accepted), 0)::float8 AS accepted,
    coalesce(sum(refused), 0)::float8 AS refused FROM ${counterTable(statementsView)}`;

/** Every process reports the same values. */
@Injectable()
export class StatementGauges implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const { metrics, pool, clock } = this;
    metrics.readGauge('statements', 'Statements of reasons, by status', ['status'], async () => {
      const { rows } = await queryView(pool, { text: COUNTS });
      return STATEMENT_STATUSES.map((status) => ({ labels: { status }, value: rows[0][status] }));
    });
    const oldest = 'Age of the oldest statement of reasons that waits to be sent, in seconds; 0 for none';
    metrics.readGauge('statements_oldest_seconds', oldest, [], async () => {
      const { rows } = await queryView(pool, { text: OLDEST, values: [clock.now()] });
      return [{ value: Number(rows[0].age) }];
    });
    const failing = 'Since when the database of statements of reasons does not accept calls, in seconds; 0 if it does';
    metrics.readGauge('statements_failing_seconds', failing, [], async () => {
      const { failingSince } = await readSending(pool);
      return [{ value: failingSince === 0 ? 0 : Math.max(0, clock.now() - failingSince) / 1_000 }];
    });
  }
}
