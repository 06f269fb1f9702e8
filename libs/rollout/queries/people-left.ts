import { Inject, Injectable } from '@nestjs/common';
import { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import { Refusal } from '../../kernel/errors.js';
import { pause } from '../../kernel/wait.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { Waitlist } from '../../waitlist/index.js';
import { admissionPlanStream } from '../admission-plan.js';
import { restrictedAt } from '../changes.js';
import { type ClassChoice, choosable } from '../class-plan.js';
import { cohortsBeingOnboarded, rolloutStream } from '../rollout.js';

const POLL_MS = 50;

/** Counts the waiting people who may be chosen and are not part of an admitted cohort. */
@Injectable()
export class PeopleLeft {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(Waitlist) private readonly waitlist: Waitlist,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'decisionWaitMs'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Counts after everything stored so far. Waits while a cohort is being onboarded, since the count is open until then.
   * @throws Refusal cohort-in-progress; NotCaughtUp if the waitlist's view is too far behind
   */
  async count(priority?: number): Promise<number> {
    const deadline = performance.now() + this.settings.decisionWaitMs;
    for (let cohortId = await this.inProgress(); cohortId !== undefined; cohortId = await this.inProgress()) {
      if (performance.now() > deadline) {
        throw new Refusal(
          'cohort-in-progress',
          `cohort ${cohortId} is still being onboarded, so the number of other waiting people is unknown; ` +
            `give a size, or retry later (gatehouse cohort show ${cohortId})`,
        );
      }
      await pause(POLL_MS);
    }
    return this.waitlist.waitingNow({ priority, among: await this.among() });
  }

  /** As `count`, but undefined while a cohort is being onboarded. @throws NotCaughtUp */
  async countIfKnown(): Promise<number | undefined> {
    return (await this.inProgress()) === undefined
      ? this.waitlist.waitingNow({ among: await this.among() })
      : undefined;
  }

  /** As far as the view is. */
  async known(): Promise<number> {
    return this.waitlist.waiting({ among: await this.among() });
  }

  /** As `known`, but nobody while it is not known what the phase is: until one is set, nobody comes in. */
  async eligible(): Promise<number> {
    const { state } = await this.transactor.load(rolloutStream, undefined);
    return state.phaseUnreadable === undefined ? this.known() : 0;
  }

  /** A cohort of people whom the plan or the phase never lets in would use up the places of a day for nobody. */
  private async among(): Promise<ClassChoice> {
    const [plan, rollout] = await Promise.all([
      this.transactor.load(admissionPlanStream, undefined),
      this.transactor.load(rolloutStream, undefined),
    ]);
    const { phase } = restrictedAt(rollout.state, this.clock.now());
    return choosable(plan.state.classes, phase.classes);
  }

  private async inProgress(): Promise<string | undefined> {
    const { state } = await this.transactor.load(rolloutStream, undefined);
    return cohortsBeingOnboarded(state)[0]?.cohortId;
  }
}
