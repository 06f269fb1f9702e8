import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { type Clock, DAY_MS } from '../../kernel/clock.js';
import { coalesced } from '../../kernel/coalesced.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable } from '../../projections/view-tables.js';
import { calendarBuckets } from '../calendar-buckets.js';
import { type Share, safetyMetrics } from '../metrics.js';
import { SAFETY_COUNTS, type SafetyCounts } from '../safety-counts.js';
import { DISREGARD_REASONS } from '../views/disregarded-decisions.js';
import { safetyImagesView } from '../views/safety-images.js';
import { boundSamples } from './bound-samples.js';
import { DISREGARD_COUNTERS } from './disregard-counters.js';

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
const DISREGARDED = `SELECT substr(bucket, 8) AS reason, uses FROM (${DISREGARD_COUNTERS}) counters
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
    // Read once for all gauges of a scrape.
    const figures = coalesced(() => this.figures());
    const whole = (amountOf: (metrics: FiguresOf) => number) => async () =>
      (await figures()).filter(({ time }) => time === ALL).map((metrics) => ({ value: amountOf(metrics) }));
    const shares = (shareOf: (metrics: FiguresOf) => Share | null) => async () =>
      (await figures()).flatMap((metrics) => boundSamples(shareOf(metrics), { time: metrics.time }));
    const labels = ['time', 'bound'];
    this.metrics.readGauge(
      'safety_exposed_images',
      'Distinct images shared publicly or downloaded',
      ['time'],
      async () => (await figures()).map(({ time, exposed }) => ({ labels: { time }, value: exposed })),
    );
    this.metrics.readGauge(
      'safety_flagged_share',
      'Share of exposed images that were flagged',
      labels,
      shares(({ flaggedShare }) => flaggedShare),
    );
    this.metrics.readGauge(
      'safety_violation_rate',
      'Share of exposed images that were confirmed',
      labels,
      shares(({ violationRate }) => violationRate),
    );
    this.metrics.readGauge(
      'safety_violation_rate_if_waiting',
      'The same if every flagged image that is not decided were a violation',
      labels,
      shares(({ violationRateIfWaiting }) => violationRateIfWaiting),
    );
    this.metrics.readGauge(
      'review_open_cases',
      'Cases that are not decided',
      [],
      whole(({ cases }) => cases.open),
    );
    this.metrics.readGauge(
      'review_decided_cases',
      'Cases that are decided',
      [],
      whole(({ decided }) => decided),
    );
    this.metrics.readGauge(
      'disregarded_decisions',
      'Images generated or shared although that was denied, as far as they are recorded',
      ['reason'],
      () => this.disregarded(),
    );
  }

  private async figures() {
    const now = this.clock.now();
    const values = [now - (DAYS - 1) * DAY_MS, now].map((at) => calendarBuckets(at)[0]);
    const { rows } = await queryView(this.pool, { text: COUNTS, values });
    return rows.map((row) => ({ time: row.time as string, ...safetyMetrics(row as SafetyCounts) }));
  }

  /** A reason without uses has the value 0: one that appeared later would have no increase. */
  private async disregarded() {
    const { rows } = await queryView(this.pool, { text: DISREGARDED });
    const uses = new Map(rows.map((row) => [row.reason, Number(row.uses)]));
    return DISREGARD_REASONS.map((reason) => ({ labels: { reason }, value: uses.get(reason) ?? 0 }));
  }
}

type FiguresOf = ReturnType<typeof safetyMetrics> & { time: string };
