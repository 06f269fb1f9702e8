import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { POOL } from '../../platform/ports.js';
import type { ViewQueries } from '../../projections/rebuilder.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { casesView, VERDICTS } from '../../review/index.js';
import { MIN_PAIR_CASES, type ReviewCounts, reviewMetrics } from '../review-metrics.js';
import { deactivationsView } from '../views/deactivations.js';
import { type Days, FLAGGED_IMAGES, type Grouping } from './groupings.js';
import { observedTimes, timesColumns } from './observed-times.js';
import type { ReviewFigures } from './safety-answer.js';

/** The names of the votes of a decision. */
const VOTES = ['safe', 'unsafe', 'unsure', 'modelProblem'] as const;
const DECIDED = `status NOT IN ('open', 'claimed')`;
/** Golden cases measure reviewers by their known answers, and nothing else. */
const CASES = `(SELECT * FROM ${viewTable(casesView)} WHERE origin <> 'golden')`;

/* Rounding makes sums of fractions depend on their order, so rows have a fixed order: the same log gives the same answer. */

/** SQL: every case once in the whole, whose group is null, and once in each of its groups. */
const casesIn = (by: Grouping | undefined): string => {
  const whole = `SELECT NULL AS group_name, c.* FROM ${CASES} c`;
  if (by === undefined) return whole;
  return `${whole} UNION ALL SELECT g.group_name, c.* FROM ${CASES} c JOIN (${FLAGGED_IMAGES[by]}) g USING (image_id)
    WHERE g.group_name COLLATE "C" >= $1 AND g.group_name COLLATE "C" < $2`;
};

/** Clocks differ between systems: a negative time counts as 0. */
const between = (condition: string, from: string, to: string): string =>
  `CASE WHEN ${condition} THEN extract(epoch FROM greatest(${to}, ${from}) - ${from})::float8 * 1000 END`;

const TIMES = {
  timeToFirstView: between('first_viewed_at IS NOT NULL', 'flagged_at', 'first_viewed_at'),
  timeToVerdict: between(DECIDED, 'flagged_at', 'greatest(decided_at, judged_at)'),
  // Several confirmed cases deactivate an account once. A deactivation stored before its case's confirmation came from
  // another system.
  deactivationLatency: between('stored_at >= decision_stored_at', 'decision_stored_at', 'stored_at'),
};
type TimeName = keyof typeof TIMES;
const timeNames = Object.keys(TIMES) as TimeName[];

const timesText = (by: Grouping | undefined) => `
  SELECT group_name, ${timeNames.map((name) => timesColumns(TIMES[name], name))}
  FROM (${casesIn(by)}) cases
  LEFT JOIN (SELECT account_id, case_id, stored_at FROM ${viewTable(deactivationsView)}) d USING (account_id, case_id)
  GROUP BY group_name`;

const patternsText = (by: Grouping | undefined) => `
  SELECT group_name, votes, count(*)::int AS cases FROM (${casesIn(by)}) cases
  WHERE ${DECIDED} AND votes IS NOT NULL GROUP BY group_name, votes ORDER BY votes`;

const cell = (first: string, second: string) =>
  `count(*) FILTER (WHERE a ->> 'verdict' = '${first}' AND b ->> 'verdict' = '${second}')::int`;
/** Reviewers of two systems may have one name. */
const reviewerOf = (verdict: string) =>
  `((${verdict} ->> 'reviewer') || ' ' || coalesce(${verdict} ->> 'source', '')) COLLATE "C"`;
const pairsText = (by: Grouping | undefined) => `
  SELECT group_name, ARRAY[${VERDICTS.map((first) => `ARRAY[${VERDICTS.map((second) => cell(first, second))}]`)}] AS pair
  FROM (${casesIn(by)}) cases, jsonb_array_elements(verdicts) a, jsonb_array_elements(verdicts) b
  WHERE ${DECIDED} AND ${reviewerOf('a')} < ${reviewerOf('b')}
  GROUP BY group_name, ${reviewerOf('a')}, ${reviewerOf('b')} HAVING count(*) >= ${MIN_PAIR_CASES}
  ORDER BY ${reviewerOf('a')}, ${reviewerOf('b')}`;

/**
 * The review metrics of everything and by group. Computed on demand, in three passes over the cases, which are far fewer
 * than images; the pass over pairs of reviewers grows with the square of the panel.
 */
@Injectable()
export class ReviewReport {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /**
   * @param db of other rows than the live ones
   * @returns the metrics of a group; the group of the whole is null
   */
  async read(
    by: Grouping | undefined,
    { from = '', to = '' }: Days,
    db: ViewQueries = this.pool,
  ): Promise<(group: string | null) => ReviewFigures> {
    const values = by === undefined ? [] : [from, `${to}\u{10FFFF}`];
    const counts = new Map<string | null, ReviewCounts>();
    const countsOf = (group: string | null) => {
      const known = counts.get(group) ?? { ...NOTHING, patterns: [], pairs: [] };
      counts.set(group, known);
      return known;
    };
    for (const row of (await queryView(db, { text: timesText(by), values })).rows) {
      Object.assign(
        countsOf(row.group_name),
        Object.fromEntries(timeNames.map((name) => [name, observedTimes(row, name)])),
      );
    }
    for (const { group_name, votes, cases } of (await queryView(db, { text: patternsText(by), values })).rows) {
      countsOf(group_name).patterns.push({ votes: VOTES.map((kind) => votes[kind] ?? 0), cases });
    }
    for (const { group_name, pair } of (await queryView(db, { text: pairsText(by), values })).rows) {
      countsOf(group_name).pairs.push(pair);
    }
    return (group) => reviewMetrics(counts.get(group) ?? NOTHING);
  }
}

const NOTHING: ReviewCounts = {
  timeToFirstView: null,
  timeToVerdict: null,
  deactivationLatency: null,
  patterns: [],
  pairs: [],
};
