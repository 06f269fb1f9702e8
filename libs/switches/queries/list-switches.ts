import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { AsOf, FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { AnyRole } from '../../http/credentials/route-access.js';
import { closed, instant, list, oneOf, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { foldRecorded } from '../../kernel/decider.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { SWITCHED_ACTIONS } from '../events.js';
import { type PhaseRestrictions, phaseRestrictionsStream, phaseSuspensions } from '../phase-restrictions.js';
import { type Switches, suspensionsInForce, switchesStream } from '../switches.js';

export const SuspensionAnswer = closed({
  action: oneOf(SWITCHED_ACTIONS, 'The action that is denied.'),
  cohortId: orNull(text('The cohort that it is denied to; null: everyone.')),
  phase: orNull(
    text(
      'The phase of the rollout that suspends it and ends it, which no switch does; null: an operator suspended it.',
    ),
  ),
  reason: text('Why it was suspended.'),
  since: instant('When it was suspended.'),
  until: orNull(instant('When it is allowed again by itself; null: once an operator resumes it, or the phase ends.')),
});
type SuspensionAnswer = Static<typeof SuspensionAnswer>;

export const suspensionExample: SuspensionAnswer = {
  action: 'generate',
  cohortId: null,
  phase: null,
  reason: 'the filter lets violent prompts pass',
  since: '2022-05-18T09:00:00.000Z',
  until: '2022-05-18T12:00:00.000Z',
};

export const SwitchesAnswer = closed({
  items: list(SuspensionAnswer, 'The suspensions in force, by action, those for everyone first.'),
  position: position('The position of the last event included; 0 if there is none.'),
});
export type SwitchesAnswer = Static<typeof SwitchesAnswer>;

/** By action; of each, those of operators, for everyone first, and then that of the phase. */
export function suspensionAnswers(state: Switches, phases: PhaseRestrictions, now: number): SuspensionAnswer[] {
  const given = [...suspensionsInForce(state, now), ...phaseSuspensions(phases, now)];
  return SWITCHED_ACTIONS.flatMap((action) =>
    given
      .filter((one) => one.action === action)
      .map(({ cohortId, phase, reason, since, until }) => ({
        ...{ action, cohortId: cohortId ?? null, phase: phase ?? null },
        ...{ reason, since, until: until === undefined ? null : toIso(until) },
      })),
  );
}

export class ListSwitches extends Query<SwitchesAnswer> {}

@QueryHandler(ListSwitches)
export class ListSwitchesHandler implements IQueryHandler<ListSwitches> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** From the streams themselves, so that the answer is exact. */
  async execute(): Promise<SwitchesAnswer> {
    const [events, phases] = await Promise.all([
      this.store.readStream(switchesStream.category),
      this.transactor.load(phaseRestrictionsStream, undefined),
    ]);
    const items = suspensionAnswers(foldRecorded(switchesStream, events), phases.state, this.clock.now());
    return { items, position: String(Math.max(events.at(-1)?.position ?? 0, phases.changedAt)) };
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
