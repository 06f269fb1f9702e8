import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsLabel } from '../../http/field-rules.js';
import { entityTagOf } from '../../http/if-match.js';
import { closed, count, list, oneOf, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { foldRecorded } from '../../kernel/decider.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { CONSEQUENCES } from '../target-events.js';
import { type Target, targetsStream, targetUnknown } from '../targets.js';

export const TargetAnswer = closed({
  name: text('Its name.'),
  consequences: list(oneOf(CONSEQUENCES, 'What it carries out.'), 'What it carries out.'),
  deadlineSeconds: count('Within how many seconds it acknowledges.'),
  retrySeconds: count('After how many seconds it is asked again, twice as many each further time.'),
  reason: text('Why it was registered or changed.'),
  etag: text(
    'Also the header `ETag` of the answer about one target. Send it as `If-Match` to change that one only if it is as shown.',
  ),
});
export type TargetAnswer = Static<typeof TargetAnswer>;

const ShownTarget = closed({
  ...TargetAnswer.properties,
  position: position('The position of its last change.'),
});
type ShownTarget = Static<typeof ShownTarget>;

export const TargetsAnswer = closed({
  items: list(TargetAnswer, 'The registered targets, by name.'),
  position: position('The position of the last change of any; 0 without one.'),
});
export type TargetsAnswer = Static<typeof TargetsAnswer>;

export class ListTargets extends Query<TargetsAnswer> {}

export class ShowTarget extends Query<ShownTarget> {
  @IsLabel('The name of the target.')
  name!: string;
}

const answerOf = ({ changedAt, ...target }: Target, epoch: string): TargetAnswer => ({
  name: target.name,
  consequences: target.consequences,
  deadlineSeconds: target.deadlineSeconds,
  retrySeconds: target.retrySeconds,
  reason: target.reason,
  etag: entityTagOf(changedAt, epoch),
});

@QueryHandler(ListTargets)
export class ListTargetsHandler implements IQueryHandler<ListTargets> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  async execute(): Promise<TargetsAnswer> {
    const events = await this.store.readStream(targetsStream.category);
    const sorted = [...foldRecorded(targetsStream, events).byName.values()].sort((one, other) =>
      one.name < other.name ? -1 : 1,
    );
    const place = events.at(-1)?.position ?? 0;
    return { items: sorted.map((target) => answerOf(target, this.epoch.current)), position: String(place) };
  }
}

@QueryHandler(ShowTarget)
export class ShowTargetHandler implements IQueryHandler<ShowTarget> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
  ) {}

  /** @throws NotFound target-unknown */
  async execute({ name }: ShowTarget): Promise<ShownTarget> {
    const events = await this.store.readStream(targetsStream.category);
    const target = foldRecorded(targetsStream, events).byName.get(name);
    if (!target) throw targetUnknown(name);
    return { ...answerOf(target, this.epoch.current), position: String(target.changedAt) };
  }
}

const example: TargetAnswer = {
  name: 'session-service',
  consequences: ['deactivate', 'suspend'],
  deadlineSeconds: 60,
  retrySeconds: 60,
  reason: 'sessions end with the account',
  etag: '"9c1f03ab55d2-1042"',
};

@Controller('v1/enforcement-targets')
export class ShowTargetsController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @AsOf()
  @Roles('operator', 'lead', 'compliance', 'administrator', 'service')
  @Operation('The systems that acknowledge enforcements', {
    answer: answer('EnforcementTargets', 'The targets.', TargetsAnswer, {
      items: [example],
      position: '1042',
    }),
  })
  listTargets(): Promise<TargetsAnswer> {
    return this.queries.execute(new ListTargets());
  }

  @Get(':name')
  @FromLog()
  @AsOf()
  @Roles('operator', 'lead', 'compliance', 'administrator', 'service')
  @Operation('A system that acknowledges enforcements, and its terms', {
    answer: answer('ShownEnforcementTarget', 'The target.', ShownTarget, { ...example, position: '1042' }),
    refusals: { 404: ['target-unknown'] },
  })
  showTarget(@Param() target: ShowTarget): Promise<ShownTarget> {
    return this.queries.execute(target);
  }
}
