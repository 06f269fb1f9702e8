import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import { closed, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { SWITCHED_ACTIONS } from '../events.js';
import { type Switches, suspensionsInForce, switchesStream } from '../switches.js';

export const SuspensionAnswer = closed({
  action: oneOf(SWITCHED_ACTIONS, 'The action that is denied.'),
  cohortId: orNull(text('The cohort that it is denied to; null: everyone.')),
  reason: text('Why an operator suspended it.'),
  since: instant('When it was suspended.'),
  until: orNull(instant('When it is allowed again by itself; null: once an operator resumes it.')),
});
type SuspensionAnswer = Static<typeof SuspensionAnswer>;

export const suspensionExample: SuspensionAnswer = {
  action: 'generate',
  cohortId: null,
  reason: 'the filter lets violent prompts pass',
  since: '2022-05-18T09:00:00.000Z',
  until: '2022-05-18T12:00:00.000Z',
};

export const SwitchesAnswer = closed({
  items: list(SuspensionAnswer, 'The suspensions in force, by action, those for everyone first.'),
  position: position('The position of the last event included; 0 if there is none.'),
});
export type SwitchesAnswer = Static<typeof SwitchesAnswer>;

export const suspensionAnswers = (state: Switches, now: number): SuspensionAnswer[] =>
  suspensionsInForce(state, now).map(({ action, cohortId, reason, since, until }) => ({
    action,
    cohortId: cohortId ?? null,
    reason,
    since,
    until: until === undefined ? null : toIso(until),
  }));

export class ListSwitches extends Query<SwitchesAnswer> {}

@QueryHandler(ListSwitches)
export class ListSwitchesHandler implements IQueryHandler<ListSwitches> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** From the stream itself, so that the answer is exact. */
  async execute(): Promise<SwitchesAnswer> {
    const events = await this.store.readStream(switchesStream.category);
    const now = this.clock.now();
    const items = suspensionAnswers(foldRecorded(switchesStream, events), now);
    return { items, position: String(events.at(-1)?.position ?? 0) };
  }
}

@Controller('v1/switches')
export class ListSwitchesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @AsOf()
  @AnyRole()
  @Operation('The actions that are suspended now, for everyone or for one cohort', {
    answer: answer('Switches', 'The suspensions in force.', SwitchesAnswer, {
      items: [suspensionExample],
      position: '1042',
    }),
  })
  listSwitches(): Promise<SwitchesAnswer> {
    return this.queries.execute(new ListSwitches());
  }
}
