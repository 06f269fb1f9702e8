import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { legalHoldsView } from '../views/legal-holds.js';

/** In seconds; `$1` is the current time in epoch milliseconds. */
const OLDEST = `SELECT coalesce(extract(epoch FROM to_timestamp($1::float8 / 1000) - min(placed_at)), 0)::float8 AS age
  FROM ${viewTable(legalHoldsView)} WHERE is_report_due`;

/** How long reports to an authority are due. Every process reports the same value. */
@Injectable()
export class HoldGauges implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const help =
      'How long the oldest violation of the highest severity waits for its report to an authority; 0 for none';
    this.metrics.readGauge('authority_report_due_seconds', help, [], async () => {
      const { rows } = await queryView(this.pool, { text: OLDEST, values: [this.clock.now()] });
      return [{ value: Math.max(0, rows[0].age) }];
    });
  }
}
