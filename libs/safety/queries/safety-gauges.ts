import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import type { Gauge } from 'prom-client';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable } from '../../projections/view-tables.js';
import { calendarBuckets } from '../calendar-buckets.js';
import { type Share, safetyMetrics } from '../metrics.js';
import { SAFETY_COUNTS, type SafetyCounts } from '../safety-counts.js';
import { DISREGARD_REASONS, disregardedDecisionsView } from '../views/disregarded-decisions.js';
import { safetyImagesView } from '../views/safety-images.js';

const DAYS = 7;
const ALL = 'all';
const WEEK = '7d';

const SUMS = SAFETY_COUNTS.map((name) => `coalesce(sum(${name}), 0)::float8 AS ${name}`);
const IMAGES = counterTable(safetyImagesView);
/** `$1` and `$2` are the buckets of the first and the last of seven days. */
const COUNTS = `
  SELECT '${ALL}' AS time, ${SUMS} FROM ${IMAGES} WHERE bucket = 'all'
  UNION ALL
  SELECT '${WEEK}', ${SUMS} FROM ${IMAGES} WHERE bucket COLLATE "C" BETWEEN $1 AND $2`;
const DISREGARDED = `SELECT substr(bucket, 8) AS reason, uses FROM ${counterTable(disregardedDecisionsView)}
  WHERE bucket LIKE 'reason:%'`;

/** Figures that counters have ready, so that a scrape costs a few rows. Every process reports the same values. */
@Injectable()
export class SafetyGauges implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const labels = ['time', 'bound'];
    this.gauge('safety_exposed_images', 'Distinct images shared publicly or downloaded', ['time'], async (gauge) => {
      for (const { time, exposed } of await this.figures()) gauge.set({ time }, exposed);
    });
    this.gauge('safety_flagged_share', 'Share of exposed images that were flagged', labels, async (gauge) => {
      for (const { time, flaggedShare } of await this.figures()) setShare(gauge, time, flaggedShare);
    });
    this.gauge('safety_violation_rate', 'Share of exposed images that were confirmed', labels, async (gauge) => {
      for (const { time, violationRate } of await this.figures()) setShare(gauge, time, violationRate);
    });
    this.gauge('review_open_cases', 'Cases that are not decided', [], async (gauge) => {
      for (const { time, cases } of await this.figures()) if (time === ALL) gauge.set(cases.open);
    });
    this.gauge('review_decided_cases', 'Cases that are decided', [], async (gauge) => {
      for (const { time, decided } of await this.figures()) if (time === ALL) gauge.set(decided);
    });
    const noted = 'Images generated or shared for accounts that were denied that, as far as they are noted';
    this.gauge('disregarded_decisions', noted, ['reason'], async (gauge) => {
      // A reason that appears later would have no increase.
      for (const reason of DISREGARD_REASONS) gauge.set({ reason }, 0);
      for (const { reason, uses } of (await queryView(this.pool, { text: DISREGARDED })).rows)
        gauge.set({ reason }, Number(uses));
    });
  }

  private async figures() {
    const now = this.clock.now();
    const values = [now - (DAYS - 1) * DAY_MS, now].map((at) => calendarBuckets(at)[0]);
    const { rows } = await queryView(this.pool, { text: COUNTS, values });
    return rows.map((row) => ({ time: row.time as string, ...safetyMetrics(row as SafetyCounts) }));
  }

  /**
   * A gauge has no value while its view is not built or the database is unavailable; the others are still reported. One
   * without labels has a value again once it is reset.
   */
  private gauge(name: string, help: string, labels: string[], read: (gauge: Gauge) => Promise<void>): void {
    this.metrics.gauge(name, help, labels, async (gauge) => {
      gauge.reset();
      await read(gauge).catch(() => labels.length === 0 && gauge.remove());
    });
  }
}

/** Without exposed images there is no share. */
function setShare(gauge: Gauge, time: string, share: Share | null): void {
  if (!share) return;
  gauge.set({ time, bound: 'value' }, share.value);
  gauge.set({ time, bound: 'low' }, share.low);
  gauge.set({ time, bound: 'high' }, share.high);
}
