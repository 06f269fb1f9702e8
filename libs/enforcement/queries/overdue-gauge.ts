import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { Transactor } from '../../event-store/transact.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { targetsStream } from '../targets.js';
import { enforcementsView } from '../views/enforcements.js';

const OVERDUE = `SELECT target, count(*)::int AS overdue
  FROM ${viewTable(enforcementsView)}, jsonb_array_elements_text(overdue) target
  WHERE waiting_for <> '[]'::jsonb AND overdue_at IS NOT NULL GROUP BY target`;

/** How many enforcements each target has not acknowledged in time. Every process reports the same values. */
@Injectable()
export class OverdueGauge implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const help = 'Enforcements that a target has not acknowledged in time';
    this.metrics.readGauge('enforcements_overdue', help, ['target'], async () => {
      const { byName } = (await this.transactor.load(targetsStream, undefined)).state;
      const { rows } = await queryView(this.pool, { text: OVERDUE });
      const overdue = new Map(rows.map((row) => [row.target as string, row.overdue as number]));
      return [...byName.keys()].map((target) => ({ labels: { target }, value: overdue.get(target) ?? 0 }));
    });
  }
}
