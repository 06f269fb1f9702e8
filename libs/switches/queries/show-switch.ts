import { Controller, Get, Inject, Param, Query as QueryParameters } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { LogEpoch } from '../../event-store/log-epoch.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import { entityTagOf } from '../../http/if-match.js';
import {
  actor,
  closed,
  flag,
  instant,
  list,
  oneOf,
  orNull,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { belongsTo, foldRecorded } from '../../kernel/decider.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { SWITCHED_ACTIONS } from '../events.js';
import { inForce, type SwitchScope, switchesStream, switchOf } from '../switches.js';
import { SwitchParam, SwitchQuery } from './switch-scope.js';

const ChangeAnswer = closed({
  position: position('Its position in the log.'),
  type: oneOf(['ActionSuspended', 'ActionResumed'], 'What happened.'),
  time: instant('When it happened.'),
  actor,
  reason: text('The reason that the operator gave.'),
  until: orNull(instant('When a suspension was to end by itself.')),
});

export const SwitchAnswer = closed({
  action: oneOf(SWITCHED_ACTIONS, 'The action.'),
  cohortId: orNull(text('The cohort that the switch concerns; null: everyone.')),
  suspended: flag('Whether the action is denied now by this switch.'),
  reason: orNull(text('Why it is suspended.')),
  until: orNull(instant('When the suspension ends by itself.')),
  etag: text('Also the header `ETag`. Send it as `If-Match` to change the switch only if it is still as shown here.'),
  history: list(ChangeAnswer, 'All changes of this switch, oldest first.'),
  position: position('The position of the last change; 0 without one.'),
});
export type SwitchAnswer = Static<typeof SwitchAnswer>;

const example: SwitchAnswer = {
  action: 'generate',
  cohortId: null,
  suspended: true,
  reason: 'the filter lets violent prompts pass',
  until: '2022-05-18T12:00:00.000Z',
  etag: '"9c1f03ab55d2-1042"',
  history: [
    {
      position: '1042',
      type: 'ActionSuspended',
      time: '2022-05-18T09:00:00.000Z',
      actor: { kind: 'service', id: 'olga', role: 'operator' },
      reason: 'the filter lets violent prompts pass',
      until: '2022-05-18T12:00:00.000Z',
    },
  ],
  position: '1042',
};

export class ShowSwitch extends Query<SwitchAnswer> {
  constructor(readonly scope: SwitchScope) {
    super();
  }
}

@QueryHandler(ShowSwitch)
export class ShowSwitchHandler implements IQueryHandler<ShowSwitch> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LogEpoch) private readonly epoch: LogEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ scope }: ShowSwitch): Promise<SwitchAnswer> {
    const events = await this.store.readStream(switchesStream.category);
    const now = this.clock.now();
    const { action, cohortId } = scope;
    const shown = switchOf(foldRecorded(switchesStream, events), scope);
    const suspension = inForce(shown, now);
    return {
      action,
      cohortId: cohortId ?? null,
      suspended: suspension !== undefined,
      reason: suspension?.reason ?? null,
      until: suspension?.until === undefined ? null : toIso(suspension.until),
      etag: entityTagOf(shown?.changedAt ?? 0, this.epoch.current),
      history: events
        .filter((event) => belongsTo(switchesStream, event))
        .filter(({ data }) => data.action === action && data.cohortId === cohortId)
        .map(({ position: place, type, data, metadata: { time, actor } }) => ({
          position: String(place),
          type,
          time,
          actor,
          reason: data.reason,
          until: ('until' in data ? data.until : undefined) ?? null,
        })),
      position: String(shown?.changedAt ?? 0),
    };
  }
}

@Controller('v1/switches')
export class ShowSwitchController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get(':action')
  @FromLog()
  @AsOf()
  @AnyRole()
  @Operation('The switch of an action for everyone, or for one cohort, and who changed it why', {
    answer: answer('Switch', 'The switch.', SwitchAnswer, example),
  })
  showSwitch(@Param() { action }: SwitchParam, @QueryParameters() { cohortId }: SwitchQuery): Promise<SwitchAnswer> {
    return this.queries.execute(new ShowSwitch({ action, cohortId }));
  }
}
