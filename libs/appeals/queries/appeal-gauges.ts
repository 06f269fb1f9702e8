import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../../kernel/clock.js';
import { coalesced } from '../../kernel/coalesced.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { OUTCOMES } from '../appeal.js';
import { appealsView } from '../views/appeals.js';

const OPEN = `SELECT count(*)::int AS open, count(*) FILTER (WHERE due_at <= to_timestamp($1::float8 / 1000))::int AS overdue,
    coalesce(extract(epoch FROM to_timestamp($1::float8 / 1000) - min(filed_at)), 0)::float8 AS age
  FROM ${viewTable(appealsView)} WHERE status = 'open'`;
const DECIDED = `SELECT granted, partly_granted AS "partly-granted", denied FROM ${counterTable(appealsView)} WHERE bucket = 'all'`;

/** Deadlines and backlog. Open appeals are few, and an index has them. Every process reports the same values. */
@Injectable()
export class AppealGauges implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    // Read once for all gauges of a scrape.
    const open = coalesced(
      async () => (await queryView(this.pool, { text: OPEN, values: [this.clock.now()] })).rows[0],
    );
    const gauge = (name: string, help: string, column: 'open' | 'overdue' | 'age') =>
      this.metrics.readGauge(name, help, [], async () => [{ value: Number((await open())[column]) }]);
    gauge('appeals_open', 'Appeals that are not decided', 'open');
    gauge('appeals_overdue', 'Open appeals whose deadline has passed', 'overdue');
    gauge('appeals_oldest_seconds', 'Age of the oldest open appeal, in seconds; 0 for none', 'age');
    this.metrics.readGauge('appeals_decided', 'Appeals that were decided, by outcome', ['outcome'], async () => {
      const [row] = (await queryView(this.pool, { text: DECIDED })).rows;
      return OUTCOMES.map((outcome) => ({ labels: { outcome }, value: Number(row?.[outcome] ?? 0) }));
    });
  }
}
