import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { type Clock, toIso, WEEK_MS } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { casesView, goldenTotal } from '../../review/index.js';
import { type Share, share } from '../metrics.js';
import { deactivationsView } from '../views/deactivations.js';
import { verdictsView } from '../views/verdicts.js';
import { REVERSED_CASE_IDS } from './reversed-case-ids.js';

/** Reversed cases are counted, and a percentile needs every value, so a scrape gets figures that may be so old. */
const MAX_AGE_MS = 60_000;
/** Maximum deactivations of the latency, the newest: its 95th percentile changes little with more. */
const MAX_DEACTIVATIONS = 10_000;

const VERDICTS = counterTable(verdictsView);
/** SQL: the cases that verdicts confirmed in any round, and how many of them are not confirmed any more, or reversed. */
const OVERTURNED = `
  SELECT coalesce(sum(confirmed), 0)::int AS confirmed, (coalesce(sum(overturned), 0) + (
    SELECT count(*) FROM (${REVERSED_CASE_IDS}) reversed JOIN ${viewTable(verdictsView)} USING (case_id)
    WHERE outcome = 'confirmed'
  ))::int AS overturned
  FROM ${VERDICTS} WHERE bucket = 'all'`;

const QUANTILES = ['0.5', '0.95'];
/** SQL: from storing a confirmation to storing the deactivation that it caused, of those stored since `$1`. */
const LATENCY = `
  SELECT percentile_disc(ARRAY[${QUANTILES}]) WITHIN GROUP (
    ORDER BY extract(epoch FROM d.stored_at - c.decision_stored_at)::float8
  ) AS seconds
  FROM (
    SELECT * FROM ${viewTable(deactivationsView)} WHERE stored_at >= $1 ORDER BY stored_at DESC LIMIT ${MAX_DEACTIVATIONS}
  ) d JOIN ${viewTable(casesView)} c USING (account_id, case_id)
  WHERE d.stored_at >= c.decision_stored_at`;

/** What became of confirmed cases. Every process reports the same values, up to a minute apart. */
@Injectable()
export class OutcomeGauges implements OnModuleInit {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.metrics.readGauge(
      'review_overturned_share',
      'Share of the cases that verdicts confirmed which were overturned, by a later round or a reversal',
      ['bound'],
      this.atMostEachMinute(async () => {
        const { confirmed, overturned } = (await queryView(this.pool, { text: OVERTURNED })).rows[0];
        return bounds(share(overturned, confirmed));
      }),
    );
    this.metrics.readGauge(
      'review_golden_right_share',
      'Share of the answers to golden cases that were right, of all reviewers',
      ['bound'],
      this.atMostEachMinute(async () => {
        const total = await goldenTotal(this.pool);
        return total ? bounds(share(total.correct, total.answered)) : [];
      }),
    );
    this.metrics.readGauge(
      'deactivation_latency_seconds',
      'Time from storing a confirmation to storing the deactivation that it caused, of the last seven days',
      ['quantile'],
      this.atMostEachMinute(async () => {
        const values = [toIso(this.clock.now() - WEEK_MS)];
        const { seconds } = (await queryView(this.pool, { text: LATENCY, values })).rows[0];
        return QUANTILES.flatMap((quantile, n) =>
          seconds === null ? [] : [{ labels: { quantile }, value: seconds[n] as number }],
        );
      }),
    );
  }

  private atMostEachMinute<Answer>(read: () => Promise<Answer>): () => Promise<Answer> {
    let known: { at: number; answer: Answer } | undefined;
    return async () => {
      const now = this.clock.now();
      if (!known || now - known.at >= MAX_AGE_MS || now < known.at) known = { at: now, answer: await read() };
      return known.answer;
    };
  }
}

const bounds = (found: Share | null) =>
  found === null
    ? []
    : (['value', 'low', 'high'] as const).map((bound) => ({ labels: { bound }, value: found[bound] }));
