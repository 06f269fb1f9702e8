import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Logger } from '../../platform/logging/logger.js';
import type { LockSession } from '../../subscriptions/lock-session.js';
import { runPeriodically } from '../../subscriptions/periodic-work.js';
import { admitDaily, admitJoined, dailyCohort, dailySize, openCohort, openSize } from '../admission.js';
import { admissionPlanStream } from '../admission-plan.js';
import { restrictedAt } from '../changes.js';
import { allowsEntry } from '../phase.js';
import type { PeopleLeft } from '../queries/people-left.js';
import { cohortsBeingOnboarded, type Rollout, rolloutStream } from '../rollout.js';
import type { Schedule } from '../schedule.js';
import { admitSlice, dueSlice } from '../scheduled-slice.js';
import type { GateWatch } from './gate-watch.js';

export const SCHEDULER = 'scheduler';
/** In open access people wait that long at most, besides for their onboarding. */
const TICK_MS = 2_000;

/** If everybody it may be for waits. */
function dueCohort(state: Rollout, schedule: Schedule | undefined, now: number): string | undefined {
  const everybody = Number.POSITIVE_INFINITY;
  if (openSize(state, now, everybody) > 0) return openCohort(now);
  if (schedule) return dueSlice(state, schedule, now, everybody)?.cohortId;
  return dailySize(state, now, everybody) > 0 ? dailyCohort(now) : undefined;
}

/**
 * Admits slices of the rate by the schedule; without one, a seventh of the rate every day if the rate is set to be daily. In open
 * access it admits all who wait, as far as rate, gate and ceiling allow.
 */
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
        failed: (error) => this.logger.warn({ err: error }, 'the scheduler failed; it retries'),
      },
      signal,
      locks,
    );
  }

  /** Admits today's cohort if it is due and all earlier ones are onboarded: only then is the number of waiting people known. */
  async tick(): Promise<void> {
    const now = this.clock.now();
    const [{ state }, plan] = await Promise.all([
      this.transactor.load(rolloutStream, undefined),
      this.transactor.load(admissionPlanStream, undefined),
    ]);
    const { schedule } = plan.state;
    const due = dueCohort(state, schedule, now);
    if (due === undefined || cohortsBeingOnboarded(state).length > 0) return;
    // At each tick, so it costs one count of the line, and asks no gate.
    if ((await this.peopleLeft.countIfKnown()) === 0) return;
    await this.gate.beforeAdmission();
    const context: CommandContext = { actor: { kind: 'process', id: SCHEDULER }, correlationid: due };
    await this.transactor.transact(
      rolloutStream,
      undefined,
      context,
      (current, waiting) => {
        if (allowsEntry(restrictedAt(current, now), 'joining')) return admitJoined(current, now, waiting);
        return schedule ? admitSlice(current, schedule, now, waiting) : admitDaily(current, now, waiting);
      },
      // Nobody while a cohort is being onboarded, such as the one that another scheduler admitted meanwhile.
      async () => (await this.peopleLeft.countIfKnown()) ?? 0,
    );
  }
}
