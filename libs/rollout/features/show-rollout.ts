import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import { type Clock, toIso, WEEK_MS } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/ports.js';
import { Waitlist } from '../../waitlist/index.js';
import { availableCapacity, countedCohorts, type GrantedCohort, rolloutStream } from '../rollout.js';

export interface CountedAnswer {
  cohortId: string;
  /** People it counts for: those granted, and once all are in, those that are in. */
  size: number;
  /** Of its admission. */
  at: string;
  /** Seven days after the last of its people was let in; null while they are being let in. */
  countsUntil: string | null;
}

export interface RolloutAnswer {
  /** People in any rolling seven days; null until a rate is set. */
  perWeek: number | null;
  /** Whether a seventh of the rate is admitted every day by itself. */
  daily: boolean;
  paused: boolean;
  pauseReason: string | null;
  /** People that may be admitted now, paused or not. */
  available: number;
  /** When more may be; null when time alone frees no more. */
  moreAt: string | null;
  /** Those that count now, in the order of their admission. */
  admissions: CountedAnswer[];
  /** People on the waitlist. */
  waiting: number;
  /** Of the last event taken into account; the waiting count may lag behind it. */
  position: string;
}

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

const toAnswer = ({ cohortId, people, admittedAt, letIn }: GrantedCohort): CountedAnswer => ({
  cohortId,
  size: people,
  at: toIso(admittedAt),
  countsUntil: letIn ? toIso(letIn.last + WEEK_MS) : null,
});

@Controller('v1/rollout')
export class ShowRolloutController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  /** The rate, what it has left now, the admissions of the last seven days and how many wait. */
  @Get()
  @Roles('operator', 'administrator', 'compliance')
  show(): Promise<RolloutAnswer> {
    return this.queries.execute(new ShowRollout());
  }
}
