import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, count, flag, instant, list, orNull, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Clock, toIso, WEEK_MS } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { Waitlist } from '../../waitlist/index.js';
import { availableCapacity, countedCohorts, type GrantedCohort, rolloutStream } from '../rollout.js';

const CountedAnswer = closed({
  cohortId: text('The cohort.'),
  size: count('People that count against the rate: those admitted, or once onboarding is complete, those onboarded.'),
  at: instant('When it was admitted.'),
  countsUntil: orNull(instant('Seven days after its last person was onboarded; null until onboarding is complete.')),
});

export const RolloutAnswer = closed({
  perWeek: orNull(count('People in any rolling seven days; null until a rate is set.')),
  daily: flag('Whether a seventh of the rate is admitted automatically every day.'),
  paused: flag('Whether the admission of cohorts is paused.'),
  pauseReason: orNull(text('Why it is paused.')),
  available: count('People that the rate allows now, even if onboarding is paused.'),
  moreAt: orNull(instant('When the rate allows more people; null if time alone frees no more.')),
  admissions: list(CountedAnswer, 'The admissions that count against the rate now, in the order of their admission.'),
  waiting: count('People on the waitlist.'),
  position: position('The position of the last event included; `waiting` may lag behind it.'),
});
export type RolloutAnswer = Static<typeof RolloutAnswer>;

export class ShowRollout extends Query<RolloutAnswer> {}

@QueryHandler(ShowRollout)
export class ShowRolloutHandler implements IQueryHandler<ShowRollout> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(Waitlist) private readonly waitlist: Waitlist,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute(): Promise<RolloutAnswer> {
    const [{ state, position }, waiting] = await Promise.all([
      this.transactor.load(rolloutStream, undefined),
      this.waitlist.waiting(),
    ]);
    const now = this.clock.now();
    const { available, moreAt } = availableCapacity(state, now);
    return {
      perWeek: state.perWeek ?? null,
      daily: state.daily,
      paused: state.paused,
      pauseReason: state.pauseReason ?? null,
      available,
      moreAt: moreAt === undefined ? null : toIso(moreAt),
      admissions: countedCohorts(state, now).map(toAnswer),
      waiting,
      position: String(position),
    };
  }
}

const toAnswer = ({ cohortId, people, admittedAt, onboarded }: GrantedCohort): Static<typeof CountedAnswer> => ({
  cohortId,
  size: people,
  at: toIso(admittedAt),
  countsUntil: onboarded ? toIso(onboarded.last + WEEK_MS) : null,
});

@Controller('v1/rollout')
export class ShowRolloutController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @Roles('operator', 'administrator', 'compliance')
  @Operation(
    'The rate, what is left of it now, the admissions of the last seven days and the number of waiting people',
    {
      answer: answer('Rollout', 'The rollout as it is now.', RolloutAnswer, {
        perWeek: 1000,
        daily: false,
        paused: false,
        pauseReason: null,
        available: 0,
        moreAt: '2022-05-25T09:00:02.000Z',
        admissions: [
          {
            cohortId: '2022-w20',
            size: 1000,
            at: '2022-05-18T09:00:00.000Z',
            countsUntil: '2022-05-25T09:00:02.000Z',
          },
        ],
        waiting: 31_000,
        position: '1041',
      }),
    },
  )
  showRollout(): Promise<RolloutAnswer> {
    return this.queries.execute(new ShowRollout());
  }
}
