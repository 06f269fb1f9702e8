import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../../kernel/clock.js';
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
    this.gauge('appeals_open', 'Appeals that are not decided', 'open');
    this.gauge('appeals_overdue', 'Open appeals whose deadline has passed', 'overdue');
    this.gauge('appeals_oldest_seconds', 'Age of the oldest open appeal, in seconds; 0 for none', 'age');
    this.metrics.gauge('appeals_decided', 'Appeals that were decided, by outcome', ['outcome'], async (gauge) => {
      gauge.reset();
      try {
        const [row] = (await queryView(this.pool, { text: DECIDED })).rows;
        for (const outcome of OUTCOMES) gauge.set({ outcome }, Number(row?.[outcome] ?? 0));
      } catch {
        // Without the view there is no value; other metrics are still reported.
      }
    });
  }

  private gauge(name: string, help: string, column: 'open' | 'overdue' | 'age'): void {
    this.metrics.gauge(name, help, [], async (gauge) => {
      gauge.reset();
      try {
        const { rows } = await queryView(this.pool, { text: OPEN, values: [this.clock.now()] });
        gauge.set(Number(rows[0][column]));
      } catch {
        gauge.remove();
      }
    });
  }
}
