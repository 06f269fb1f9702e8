import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { atMostEach } from '../../kernel/at-most-each.js';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { CLOCK, POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { counterTable, viewTable } from '../../projections/view-tables.js';
import { goldenTotal } from '../../review/index.js';
import { share } from '../metrics.js';
import { verdictsView } from '../views/verdicts.js';
import { boundSamples } from './bound-samples.js';
import { REVERSED_CASE_IDS } from './reversed-case-ids.js';

/** Reversed cases are counted, so a scrape gets figures that may be so old. */
const MAX_AGE_MS = 60_000;

const VERDICTS = counterTable(verdictsView);
/** SQL: the cases that verdicts confirmed in any round, and how many of them are not confirmed any more, or reversed. */
const OVERTURNED = `
  SELECT coalesce(sum(confirmed), 0)::int AS confirmed, (coalesce(sum(overturned), 0) + (
    SELECT count(*) FROM (${REVERSED_CASE_IDS}) reversed JOIN ${viewTable(verdictsView)} USING (case_id)
    WHERE outcome = 'confirmed'
  ))::int AS overturned
  FROM ${VERDICTS} WHERE bucket = 'all'`;

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
        return boundSamples(share(overturned, confirmed));
      }),
    );
    this.metrics.readGauge(
      'review_golden_right_share',
      'Share of the answers to golden cases that were right, of all reviewers',
      ['bound'],
      this.atMostEachMinute(async () => {
        const total = await goldenTotal(this.pool);
        return total ? boundSamples(share(total.correct, total.answered)) : [];
      }),
    );
  }

  private atMostEachMinute<Answer>(read: () => Promise<Answer>): () => Promise<Answer> {
    return atMostEach(MAX_AGE_MS, this.clock, read);
  }
}
