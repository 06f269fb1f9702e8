import { Controller, Get, Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { EventStore } from '../../event-store/event-store.js';
import { type Clock, toIso, WEEK_MS } from '../../kernel/clock.js';
import { fold } from '../../kernel/decider.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { Roles } from '../../platform/security/route-access.js';
import { Waitlist } from '../../waitlist/index.js';
import type { RolloutEvent } from '../events.js';
import { availableCapacity, rolloutStream } from '../rollout.js';

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
  /** Of the last seven days, oldest first. */
  admissions: { cohortId: string; size: number; at: string }[];
  /** People on the waitlist. */
  waiting: number;
  /** Of the last event taken into account; the waiting count may lag behind it. */
  position: string;
}

export class ShowRollout extends Query<RolloutAnswer> {}

@QueryHandler(ShowRollout)
export class ShowRolloutHandler implements IQueryHandler<ShowRollout> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Waitlist) private readonly waitlist: Waitlist,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute(): Promise<RolloutAnswer> {
    const [history, waiting] = await Promise.all([
      this.store.readStream(rolloutStream.category),
      this.waitlist.waiting(),
    ]);
    const state = fold(rolloutStream, history as unknown as RolloutEvent[]);
    const now = this.clock.now();
    const { available, moreAt } = availableCapacity(state, now);
    const recent = history.filter(({ type, data }) => type === 'CohortAdmitted' && Date.parse(data.at) > now - WEEK_MS);
    return {
      perWeek: state.perWeek ?? null,
      daily: state.daily,
      paused: state.paused,
      pauseReason: state.pauseReason ?? null,
      available,
      moreAt: moreAt === undefined ? null : toIso(moreAt),
      admissions: recent.map(({ data: { cohortId, size, at } }) => ({ cohortId, size, at })),
      waiting,
      position: String(history.at(-1)?.position ?? 0),
    };
  }
}

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
