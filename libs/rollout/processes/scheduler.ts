import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Logger } from '../../platform/logging/logger.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { admitDaily, dailyCohort, dailySize } from '../admission.js';
import type { PeopleLeft } from '../queries/people-left.js';
import { cohortsBeingOnboarded, rolloutStream } from '../rollout.js';
import type { GateWatch } from './gate-watch.js';

export const SCHEDULER = 'scheduler';
const TICK_MS = 60_000;

/** Admits a seventh of the rate every day if the rate is set to be daily. */
export class CohortScheduler {
  constructor(
    private readonly transactor: Transactor,
    private readonly peopleLeft: PeopleLeft,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly gate: Pick<GateWatch, 'beforeAdmission'>,
  ) {}

  /** One process at a time ticks, until the signal aborts. */
  async run(signal: AbortSignal, locks: LockSession): Promise<void> {
    await runPeriodically(
      {
        name: SCHEDULER,
        everyMs: TICK_MS,
        tick: () => this.tick(),
        failed: (error) => this.logger.warn({ err: error }, 'the scheduler failed and retries in a minute'),
      },
      signal,
      locks,
    );
  }

  /** Admits today's cohort if it is due and all earlier ones are onboarded: only then is the number of waiting people known. */
  async tick(): Promise<void> {
    const now = this.clock.now();
    const { state } = await this.transactor.load(rolloutStream, undefined);
    if (dailySize(state, now, Number.POSITIVE_INFINITY) === 0 || cohortsBeingOnboarded(state).length > 0) return;
    await this.gate.beforeAdmission();
    const context: CommandContext = { actor: { kind: 'process', id: SCHEDULER }, correlationid: dailyCohort(now) };
    await this.transactor.transact(
      rolloutStream,
      undefined,
      context,
      (current, waiting) => admitDaily(current, now, waiting),
      // Nobody while a cohort is being onboarded, such as the one that another scheduler admitted meanwhile.
      async () => (await this.peopleLeft.countIfKnown()) ?? 0,
    );
  }
}
