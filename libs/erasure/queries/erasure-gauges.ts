import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { erasuresView } from '../views/erasures.js';
import { subjectRequestsView } from '../views/subject-requests.js';

/** In seconds, negative before; `$1` is the current time in epoch milliseconds. */
const since = (column: string) =>
  `coalesce(extract(epoch FROM to_timestamp($1::float8 / 1000) - min(${column})), 0)::float8 AS age`;
const OVERDUE_REQUEST = `SELECT ${since('due_at')} FROM ${viewTable(subjectRequestsView)} WHERE closed_at IS NULL`;
const UNFINISHED = `SELECT ${since('started_at')} FROM ${viewTable(erasuresView)} WHERE status = 'started'`;

/** What is due about people's data. Every process reports the same values. */
@Injectable()
export class ErasureGauges implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(PersonKeys) private readonly keys: PersonKeys,
  ) {}

  onModuleInit(): void {
    const gauge = (name: string, help: string, text: string) =>
      this.metrics.readGauge(name, help, [], async () => {
        const { rows } = await queryView(this.pool, { text, values: [this.clock.now()] });
        return [{ value: Math.max(0, rows[0].age) }];
      });
    gauge(
      'subject_request_overdue_seconds',
      'How long the oldest open request of a person about their data is overdue; 0 for none',
      OVERDUE_REQUEST,
    );
    gauge(
      'erasure_unfinished_seconds',
      'How long the oldest erasure that was started is not complete; 0 for none',
      UNFINISHED,
    );
    const age = 'Since when the root key is in use, in seconds; missing if an earlier version made the key store';
    this.metrics.readGauge('root_key_age_seconds', age, [], async () => {
      const { since } = this.keys.store.rootKey;
      return since === undefined ? [] : [{ value: Math.max(0, this.clock.now() - Date.parse(since)) / 1_000 }];
    });
  }
}
