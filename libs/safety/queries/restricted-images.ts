import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import type { Static } from 'typebox';
import { DeniedShareCounts } from '../../access/index.js';
import { accountStandingView } from '../../account/index.js';
import { FromViews } from '../../context/from-views.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, count, oneOf, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { cohortsOf, IMAGE_RULES, type ImageRules, imageRulesStream, periodsInForce } from '../../image-rules/index.js';
import { POOL } from '../../platform/ports.js';
import { queryView } from '../../projections/view-query.js';
import { viewTable } from '../../projections/view-tables.js';
import { type PhaseRestrictions, periodsRestricted, phaseRestrictionsStream } from '../../switches/index.js';
import { share as shareOf } from '../metrics.js';
import { safetyImagesView } from '../views/safety-images.js';
import { share } from './safety-answer.js';

const RULE = 'photorealistic-faces';

export const RestrictedImagesAnswer = closed({
  rule: oneOf(IMAGE_RULES, 'The rule.'),
  generated: count('Images that look like photographs of people with faces, as their services report them.'),
  shared: count('Of these, distinct images shared with whatever audience.'),
  sharedDespiteRule: count(
    'Of these, distinct images whose first share was while the rule was in force for the account, by the times of the events.',
  ),
  shareOfGenerated: share('The share of them that were shared despite it.'),
  sharesDenied: count(
    'How often decision points denied to share such an image, since `sharesDeniedSince`. Every question counts, also one that is asked again. What a process that died had counted within its last second is missing.',
  ),
  sharesDeniedUnknown: count(
    'As `sharesDenied`, because nothing said whether the image is such a one, or whose it is.',
  ),
  sharesDeniedSince: text(
    'The first day of these two figures, as `2022-05-18`; UTC. They are kept when processes end.',
  ),
  position: position('The figures of images include all events up to this position; denied shares are in no event.'),
});
export type RestrictedImagesAnswer = Static<typeof RestrictedImagesAnswer>;

const example: RestrictedImagesAnswer = {
  rule: RULE,
  generated: 200,
  shared: 12,
  sharedDespiteRule: 3,
  ...{ sharesDenied: 41, sharesDeniedUnknown: 2, sharesDeniedSince: '2022-05-18' },
  shareOfGenerated: { hits: 3, of: 200, value: 0.015, low: 0.005115, high: 0.043156 },
  position: '1042',
};

/** SQL: `$1` has the periods in which the rule was in force; those without a cohort concern all accounts of other cohorts. */
const COUNTS = `
  WITH periods AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS p(cohort text, from_ms int8, to_ms int8)
  ), restricted AS (
    SELECT (extract(epoch FROM shared_at) * 1000)::int8 AS at,
      CASE WHEN cohort_id IN (SELECT jsonb_array_elements_text($2::jsonb)) THEN cohort_id END AS cohort
    FROM ${viewTable(safetyImagesView)} LEFT JOIN ${viewTable(accountStandingView)} USING (account_id)
    WHERE photorealistic_faces
  )
  SELECT count(*)::int AS generated, count(at)::int AS shared,
    count(*) FILTER (WHERE EXISTS (
      SELECT FROM periods WHERE periods.cohort IS NOT DISTINCT FROM restricted.cohort
        AND (from_ms IS NULL OR at >= from_ms) AND (to_ms IS NULL OR at < to_ms) AND at IS NOT NULL
    ))::int AS despite_rule
  FROM restricted`;

/** Without a bound for the beginning and the end of time, which JSON has no number for. */
const periodsOf = (rules: ImageRules, phases: PhaseRestrictions) =>
  [undefined, ...cohortsOf(rules, RULE)].flatMap((cohortId) =>
    [...periodsInForce(rules, { rule: RULE, cohortId }), ...periodsRestricted(phases, RULE)].map(({ from, to }) => ({
      cohort: cohortId ?? null,
      from_ms: Number.isFinite(from) ? from : null,
      to_ms: Number.isFinite(to) ? to : null,
    })),
  );

export class ShowRestrictedImages extends Query<Omit<RestrictedImagesAnswer, 'position'>> {}

@QueryHandler(ShowRestrictedImages)
export class ShowRestrictedImagesHandler implements IQueryHandler<ShowRestrictedImages> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(DeniedShareCounts) private readonly denied: DeniedShareCounts,
  ) {}

  async execute(): Promise<Omit<RestrictedImagesAnswer, 'position'>> {
    const [{ state }, { state: phases }] = await Promise.all([
      this.transactor.load(imageRulesStream, undefined),
      this.transactor.load(phaseRestrictionsStream, undefined),
    ]);
    const values = [JSON.stringify(periodsOf(state, phases)), JSON.stringify(cohortsOf(state, RULE))];
    const [counts] = (await queryView(this.pool, { text: COUNTS, values })).rows;
    const { generated, shared, despite_rule: sharedDespiteRule } = counts;
    const { byReason, since } = await this.denied.read();
    return {
      rule: RULE,
      generated,
      shared,
      sharedDespiteRule,
      shareOfGenerated: shareOf(sharedDespiteRule, generated),
      sharesDenied: byReason.get('face-sharing-restricted') ?? 0,
      sharesDeniedUnknown: byReason.get('image-facts-unknown') ?? 0,
      sharesDeniedSince: since,
    };
  }
}

@Controller('v1/metrics/restricted-images')
export class RestrictedImagesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromViews(safetyImagesView, accountStandingView)
  @Roles('lead', 'operator', 'compliance', 'service', 'administrator')
  @Operation('How many images the rule about photorealistic faces concerns, and how many were shared despite it', {
    description:
      'Restricted images that were made, shares of them that were denied, and those that were shared all the same. The metric `gatehouse_access_shares_denied_total` counts denied shares of each process, also for other reasons.',
    answer: answer('RestrictedImages', 'The figures.', RestrictedImagesAnswer, example),
  })
  showRestrictedImages(): Promise<Omit<RestrictedImagesAnswer, 'position'>> {
    return this.queries.execute(new ShowRestrictedImages());
  }
}
