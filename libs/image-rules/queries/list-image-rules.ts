import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import { closed, flag, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { type PhaseRestrictions, phaseRestrictionsStream, restrictionsInForce } from '../../switches/index.js';
import { IMAGE_RULES } from '../events.js';
import { changeAt, cohortsOf, type ImageRules, imageRulesStream, type RuleScope, ruleOf } from '../image-rules.js';

export const ruleFields = {
  rule: oneOf(IMAGE_RULES, 'The rule.'),
  cohortId: orNull(text('The cohort that it concerns; null: everyone without a change of their cohort.')),
  inForce: flag('Whether the rule is in force now.'),
  reason: orNull(text('Why; null if nobody ever changed the rule, which is in force by default.')),
  from: orNull(instant('Since when.')),
  until: orNull(instant('When this ends by itself; null: with the next change.')),
  phase: orNull(
    text(
      'The phase of the rollout by which it is in force for everybody until the phase ends, whatever was lifted; null for none.',
    ),
  ),
};

export const ruleExample = {
  rule: 'photorealistic-faces' as const,
  cohortId: null,
  inForce: true,
  reason: 'the preview begins',
  from: '2022-05-18T09:00:00.000Z',
  until: null,
  phase: null,
};

/** What holds of a scope now; undefined for a cohort without a change that does. */
export function heldNow(
  { rules: state, phases }: { rules: ImageRules; phases: PhaseRestrictions },
  { rule, cohortId }: RuleScope,
  now: number,
) {
  const change = changeAt(ruleOf(state, { rule, cohortId }), now);
  if (change === undefined && cohortId !== undefined) return undefined;
  const byPhase = restrictionsInForce(phases, now).find(({ restriction }) => restriction === rule);
  return {
    rule,
    cohortId: cohortId ?? null,
    inForce: byPhase !== undefined || (change?.isInForce ?? true),
    reason: byPhase?.reason ?? change?.reason ?? null,
    from: byPhase?.since ?? (change === undefined ? null : toIso(change.from)),
    until: byPhase || change?.until === undefined ? null : toIso(change.until),
    phase: byPhase?.phase ?? null,
  };
}

export const ImageRulesAnswer = closed({
  items: list(
    closed(ruleFields),
    'Each rule for everyone, then for each cohort with a change of its own that holds now.',
  ),
  position: position('The position of the last event included; 0 if there is none.'),
});
export type ImageRulesAnswer = Static<typeof ImageRulesAnswer>;

export class ListImageRules extends Query<ImageRulesAnswer> {}

@QueryHandler(ListImageRules)
export class ListImageRulesHandler implements IQueryHandler<ListImageRules> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** From the streams themselves, so that the answer is exact. */
  async execute(): Promise<ImageRulesAnswer> {
    const [events, { state: phases, changedAt }] = await Promise.all([
      this.store.readStream(imageRulesStream.category),
      this.transactor.load(phaseRestrictionsStream, undefined),
    ]);
    const now = this.clock.now();
    const state = foldRecorded(imageRulesStream, events);
    const items = IMAGE_RULES.flatMap((rule) =>
      [undefined, ...cohortsOf(state, rule)].flatMap(
        (cohortId) => heldNow({ rules: state, phases }, { rule, cohortId }, now) ?? [],
      ),
    );
    return { items, position: String(Math.max(events.at(-1)?.position ?? 0, changedAt)) };
  }
}

@Controller('v1/image-rules')
export class ListImageRulesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @AsOf()
  @AnyRole()
  @Operation('The rules about images, and for whom they are in force now', {
    answer: answer('ImageRules', 'The rules.', ImageRulesAnswer, { items: [ruleExample], position: '1042' }),
  })
  listImageRules(): Promise<ImageRulesAnswer> {
    return this.queries.execute(new ListImageRules());
  }
}
