import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { AsOf, FromViews } from '../../context/from-views.js';
import { Roles } from '../../http/credentials/route-access.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { type GoldenResult, goldenCasesView, goldenResults, VERDICTS } from '../../review/index.js';
import { krippendorffAlpha, lightKappa, type PairTable } from '../agreement.js';
import { share } from '../metrics.js';
import { MIN_PAIR_CASES } from '../review-metrics.js';
import { reversedCasesView } from '../views/reversed-cases.js';
import { verdictsView } from '../views/verdicts.js';
import { MAX_GROUPS } from './groupings.js';
import { observedTimes, timesColumns } from './observed-times.js';
import { REVERSED_CASE_IDS } from './reversed-case-ids.js';
import { type ReviewerFigures, ReviewersAnswer, reviewersExample } from './reviewers-answer.js';

/**
 * SQL: every verdict with what became of it. `is_confirmed` is what the case is now, and `upheld` whether the decision of its
 * round was right as far as anybody knows. A granted appeal, or the reversal of what a confirmation has led to, overturns the
 * confirmation, and with it what that had overturned: who had found nothing is right again.
 */
const VERDICT_ROWS = `
  SELECT v.case_id, one.round, one.reviewer, one.source, one.verdict, one.outcome,
    one."viewedAfterMs" AS viewed_ms, one."judgedAfterMs" AS judged_ms,
    one."answerTimeMs" AS answer_ms,
    one.verdict = CASE one.outcome WHEN 'confirmed' THEN 'unsafe' WHEN 'dismissed' THEN 'safe' ELSE one.outcome END
      AS agrees,
    v.outcome = 'confirmed' AND reversed.case_id IS NULL AS is_confirmed,
    CASE WHEN v.outcome = 'overturned' OR (v.outcome = 'confirmed' AND reversed.case_id IS NOT NULL)
      THEN one.outcome <> 'confirmed'
      ELSE v.outcome = one.outcome END AS upheld,
    (one.reviewer || ' ' || coalesce(one.source, '')) COLLATE "C" AS who
  FROM ${viewTable(verdictsView)} v
  CROSS JOIN LATERAL jsonb_to_recordset(v.verdicts) AS one(round int, reviewer text, source text, verdict text,
    outcome text, "viewedAfterMs" float8, "judgedAfterMs" float8, "answerTimeMs" float8)
  LEFT JOIN (${REVERSED_CASE_IDS}) reversed USING (case_id)`;

const counted = (condition: string) => `count(*) FILTER (WHERE ${condition})::int`;

/* Rounding makes sums of fractions depend on their order, so rows have a fixed order: the same log gives the same answer. */

const FIGURES = `
  SELECT who, reviewer, source, ${VERDICTS.map((verdict) => `${counted(`verdict = '${verdict}'`)} AS "${verdict}"`)},
    ${counted(`outcome IS NOT NULL AND verdict <> 'unsure'`)} AS decided, ${counted('agrees')} AS agreed,
    ${counted(`outcome IS NOT NULL AND verdict = 'unsafe'`)} AS found,
    ${counted(`outcome IS NOT NULL AND verdict = 'unsafe' AND is_confirmed`)} AS found_upheld,
    ${counted('agrees AND NOT upheld')} AS overturned,
    ${timesColumns('viewed_ms', 'timeToFirstView')}, ${timesColumns('judged_ms', 'timeToVerdict')},
    ${timesColumns('answer_ms', 'answerTime')}
  FROM (${VERDICT_ROWS}) judged
  GROUP BY who, reviewer, source ORDER BY who LIMIT ${MAX_GROUPS}`;

const cell = (first: string, second: string) => counted(`a.verdict = '${first}' AND b.verdict = '${second}'`);
const PAIRS = `
  WITH decided AS MATERIALIZED (SELECT * FROM (${VERDICT_ROWS}) judged WHERE outcome IS NOT NULL)
  SELECT a.who AS one, b.who AS other,
    ARRAY[${VERDICTS.map((first) => `ARRAY[${VERDICTS.map((second) => cell(first, second))}]`)}] AS pair
  FROM decided a JOIN decided b USING (case_id, round) WHERE a.who < b.who
  GROUP BY a.who, b.who HAVING count(*) >= ${MIN_PAIR_CASES} ORDER BY a.who, b.who`;

const PATTERNS = `
  SELECT votes, count(*)::int AS cases FROM (
    SELECT ARRAY[${VERDICTS.map((verdict) => counted(`verdict = '${verdict}'`))}] AS votes
    FROM (${VERDICT_ROWS}) judged WHERE outcome IS NOT NULL GROUP BY case_id, round
  ) rounds GROUP BY votes ORDER BY votes`;

interface PairRow {
  one: string;
  other: string;
  pair: PairTable;
}

export class ShowReviewers extends Query<Omit<ReviewersAnswer, 'position'>> {}

/** Computed on demand, in three passes over the verdicts, which are far fewer than images. */
@QueryHandler(ShowReviewers)
export class ShowReviewersHandler implements IQueryHandler<ShowReviewers> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute(): Promise<Omit<ReviewersAnswer, 'position'>> {
    const { rows } = await queryView(this.pool, { text: FIGURES });
    const pairs: PairRow[] = (await queryView(this.pool, { text: PAIRS })).rows;
    const patterns = (await queryView(this.pool, { text: PATTERNS })).rows;
    const golden = await goldenResults(this.pool);
    const tables = new Map<string, PairTable[]>();
    for (const { one, other, pair } of pairs)
      for (const who of [one, other]) tables.set(who, [...(tables.get(who) ?? []), pair]);
    return {
      items: [
        ...rows.map((row) => toFigures(row, tables.get(row.who) ?? [], goldenOf(row, golden))),
        ...withoutOthers(golden, rows),
      ],
      agreement: { krippendorff: krippendorffAlpha(patterns) },
    };
  }
}

interface Named {
  reviewer: string;
  source: string | null;
}

/** Only reviewers of ours get golden cases. */
const goldenOf = ({ reviewer, source }: Named, golden: ReadonlyMap<string, GoldenResult>) =>
  source === null ? golden.get(reviewer) : undefined;

/** Of those who have judged golden cases alone. */
function withoutOthers(golden: ReadonlyMap<string, GoldenResult>, rows: readonly Named[]): ReviewerFigures[] {
  const known = new Set(rows.filter(({ source }) => source === null).map(({ reviewer }) => reviewer));
  const nothing = { ...{ safe: 0, unsafe: 0, unsure: 0, 'model-problem': 0 }, source: null };
  return [...golden]
    .filter(([reviewer]) => !known.has(reviewer))
    .map(([reviewer, result]) => ({ ...toFigures({ ...NO_FIGURES, ...nothing, reviewer }, [], result) }));
}

const NO_FIGURES = {
  ...{ agreed: 0, decided: 0, found: 0, found_upheld: 0, overturned: 0 },
  ...{ timeToFirstViewCount: 0, timeToVerdictCount: 0, answerTimeCount: 0 },
};

// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
const toFigures = (row: any, tables: readonly PairTable[], golden: GoldenResult | undefined): ReviewerFigures => ({
  reviewer: row.reviewer,
  source: row.source,
  verdicts: { safe: row.safe, unsafe: row.unsafe, unsure: row.unsure, modelProblem: row['model-problem'] },
  agreementWithDecision: share(row.agreed, row.decided),
  precision: share(row.found_upheld, row.found),
  overturned: share(row.overturned, row.agreed),
  golden: golden ? share(golden.correct, golden.answered) : null,
  kappa: lightKappa(tables),
  timeToFirstView: observedTimes(row, 'timeToFirstView'),
  timeToVerdict: observedTimes(row, 'timeToVerdict'),
  answerTime: observedTimes(row, 'answerTime'),
});

@Controller('v1/metrics/reviewers')
export class ReviewersController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(verdictsView, reversedCasesView, goldenCasesView)
  @AsOf()
  @Roles('lead', 'compliance', 'administrator')
  @Operation('How each reviewer judges: agreement, precision against overturned decisions, and times; for leads', {
    description: 'Computed from all verdicts at each call: ask for it every minute rather than every second.',
    answer: answer('Reviewers', 'The figures.', ReviewersAnswer, reviewersExample),
  })
  showReviewers(): Promise<Omit<ReviewersAnswer, 'position'>> {
    return this.queries.execute(new ShowReviewers());
  }
}
