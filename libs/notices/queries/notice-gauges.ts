import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { NOTICE_STATUSES } from '../notice.js';
import { noticesView } from '../views/notices.js';

const OLDEST = `SELECT coalesce(extract(epoch FROM to_timestamp($1::float8 / 1000) - min(queued_at)), 0)::float8 AS age
  FROM ${viewTable(noticesView)} WHERE status = 'waiting'`;
const COUNTS = `SELECT bucket AS channel, waiting, delivered, failed, skipped FROM ${counterTable(noticesView)}`;

/** Every process reports the same values. */
@Injectable()
export class NoticeGauges implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.metrics.readGauge('notices', 'Notices to people, by channel and status', ['channel', 'status'], async () => {
      const { rows } = await queryView(this.pool, { text: COUNTS });
      return rows.flatMap(({ channel, ...counts }) =>
        NOTICE_STATUSES.map((status) => ({ labels: { channel, status }, value: Number(counts[status]) })),
      );
    });
    const help = 'Age of the oldest notice that waits to be sent, in seconds; 0 for none';
    this.metrics.readGauge('notices_oldest_seconds', help, [], async () => {
      const { rows } = await queryView(this.pool, { text: OLDEST, values: [this.clock.now()] });
      return [{ value: Number(rows[0].age) }];
    });
  }
}
