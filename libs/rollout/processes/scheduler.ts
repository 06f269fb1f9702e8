import type { EventStore } from '../../event-store/event-store.js';
import type { CommandContext, Transactor } from '../../event-store/transact.js';
import { type Clock, DAY_MS, toIso } from '../../kernel/clock.js';
import { fold } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { pause } from '../../kernel/pause.js';
import type { Logger } from '../../platform/logging/logger.js';
import type { LockSession } from '../../projections/lock-session.js';
import { DAILY_PREFIX, dailySize } from '../admission.js';
import type { RolloutEvent } from '../events.js';
import { admitCohort, rolloutStream } from '../rollout.js';
import type { PeopleLeft } from '../views/people-left.js';

export const SCHEDULER = 'scheduler';
const TICK_MS = 60_000;
const RETRY_MS = 1_000;

/** Admits a seventh of the rate every day by itself, where the rate says so. */
export class CohortScheduler {
  constructor(
    private readonly transactor: Transactor,
    private readonly store: EventStore,
    private readonly peopleLeft: PeopleLeft,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** One process at a time ticks; until the signal aborts. */
  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    while (!signal.aborted) {
      const held = await locks.tryHold(SCHEDULER);
      if (held) await this.tickWhile(held, signal);
      else await pause(RETRY_MS, signal);
    }
    await locks.release(SCHEDULER);
  }

  private async tickWhile(held: AbortSignal, signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([held, signal]);
    while (!ending.aborted) {
      await this.tick().catch((error) => this.logger.warn({ err: error }, 'the schedule is tried again in a minute'));
      await pause(TICK_MS, ending);
    }
  }

  /**
   * Admits today's cohort where it is due: when nothing was admitted by schedule in the last 24 hours. Its id is its day,
   * so that whoever else comes to the same conclusion admits the same cohort.
   */
  async tick(): Promise<void> {
    const history = await this.store.readStream(rolloutStream.category);
    const now = this.clock.now();
    if (scheduledSince(history, now - DAY_MS)) return;
    const state = fold(rolloutStream, history as unknown as RolloutEvent[]);
    if (dailySize(state, now, Number.POSITIVE_INFINITY) === 0) return;
    const waiting = await this.peopleLeft.count();
    const cohortId = `${DAILY_PREFIX}${toIso(now).slice(0, 'YYYY-MM-DD'.length)}`;
    const context: CommandContext = { actor: { kind: 'process', id: SCHEDULER }, correlationid: cohortId };
    await this.transactor.transact(rolloutStream, undefined, context, (current) => {
      const size = dailySize(current, now, waiting);
      return size === 0 ? [] : admitCohort(current, { cohortId, now, size });
    });
  }
}

const scheduledSince = (history: readonly RecordedEvent[], time: number): boolean =>
  history.some(
    ({ type, data }) =>
      type === 'CohortAdmitted' && data.cohortId.startsWith(DAILY_PREFIX) && Date.parse(data.at) > time,
  );
