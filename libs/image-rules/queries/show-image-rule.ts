import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Transactor } from '../../event-store/transact.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import { actor, closed, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import type { Clock } from '../../kernel/clock.js';
import { belongsTo, foldRecorded } from '../../kernel/decider.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { phaseRestrictionsStream } from '../../switches/index.js';
import { imageRulesStream, isRuleInForce, type RuleScope, ruleOf } from '../image-rules.js';
import { heldNow, ruleExample, ruleFields } from './list-image-rules.js';
import { RuleParam, RuleQuery } from './rule-scope.js';

const ChangeAnswer = closed({
  position: position('Its position in the log.'),
  type: oneOf(['ImageRuleSet', 'ImageRuleLifted'], 'What happened.'),
  time: instant('When it was decided.'),
  actor,
  reason: text('The reason that the operator gave.'),
  from: orNull(instant('When the change began or begins; null: at once.')),
  until: orNull(instant('When it was to end by itself.')),
});

export const ImageRuleAnswer = closed({
  ...ruleFields,
  etag: text('Also the header `ETag`. Send it as `If-Match` to change the rule only if it is still as shown here.'),
  history: list(ChangeAnswer, 'All changes of this rule in this scope, oldest first.'),
  position: position('The position of the last change; 0 without one.'),
});
export type ImageRuleAnswer = Static<typeof ImageRuleAnswer>;

const example: ImageRuleAnswer = {
  ...ruleExample,
  etag: '"9c1f03ab55d2-1042"',
  history: [
    {
      position: '1042',
      type: 'ImageRuleSet',
      time: '2022-05-18T09:00:00.000Z',
      actor: { kind: 'user', id: 'olga', role: 'operator' },
      reason: 'the preview begins',
      from: null,
      until: null,
    },
  ],
  position: '1042',
};

export class ShowImageRule extends Query<ImageRuleAnswer> {
  constructor(readonly scope: RuleScope) {
    super();
  }
}

@QueryHandler(ShowImageRule)
export class ShowImageRuleHandler implements IQueryHandler<ShowImageRule> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ scope }: ShowImageRule): Promise<ImageRuleAnswer> {
    const [events, { state: phases }] = await Promise.all([
      this.store.readStream(imageRulesStream.category),
      this.transactor.load(phaseRestrictionsStream, undefined),
    ]);
    const now = this.clock.now();
    const state = foldRecorded(imageRulesStream, events);
    const known = { rules: state, phases };
    // A cohort without a change of its own is in the scope of everyone.
    const changedAt = ruleOf(state, scope)?.changedAt ?? 0;
    const held = heldNow(known, scope, now) ?? heldNow(known, { rule: scope.rule }, now)!;
    return {
      ...held,
      cohortId: scope.cohortId ?? null,
      inForce: held.phase !== null || isRuleInForce(state, scope, now),
      etag: entityTagOf(changedAt, this.epoch.current),
      history: events
        .filter((event) => belongsTo(imageRulesStream, event))
        .filter(({ data }) => data.rule === scope.rule && data.cohortId === scope.cohortId)
        .map(({ position: place, type, data, metadata: { time, actor: by } }) => ({
          position: String(place),
          type,
          time,
          actor: by,
          reason: data.reason,
          from: data.from ?? null,
          until: data.until ?? null,
        })),
      position: String(changedAt),
    };
  }
}

@Controller('v1/image-rules')
export class ShowImageRuleController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':rule')
  @FromLog()
  @AsOf()
  @AnyRole()
  @Operation('A rule about images for everyone, or for one cohort, and who changed it why', {
    answer: answer('ImageRule', 'The rule.', ImageRuleAnswer, example),
  })
  showImageRule(@Param() { rule }: RuleParam, @QueryParameters() { cohortId }: RuleQuery): Promise<ImageRuleAnswer> {
    return this.queries.execute(new ShowImageRule({ rule, cohortId }));
  }
}
