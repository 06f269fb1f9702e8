import pMap from 'p-map';
import { isWaiting, onboardInTurn, waitingTurn } from '../../account/index.js';
import { type Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { type CommandContext, causedBy } from '../../kernel/command-context.js';
import type { Position } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import type { Admission } from '../admission.js';
import { admissionPlanStream, type CohortShares, shareCohort, sharesOfCohort } from '../admission-plan.js';
import { NO_PLAN, shareOut } from '../class-plan.js';
import { type Cohort, type CohortPart, cohortStream, fillCohort, onboardCohort, placesLeft } from '../cohort.js';
import { CohortAdmitted } from '../events.js';
import { turnsOf } from '../queries/waiting-turns.js';
import { closeCohort, cohortsBeingOnboarded, rolloutStream } from '../rollout.js';

const ONBOARDING = 'onboarding';

type Admitted = RecordedOf<typeof CohortAdmitted>;

/** Who waited at a position, in the order of their turn, of each class at most so many. Everything stored before the call counts. */
export interface WaitingLine {
  people: { accountId: string; class: string }[];
  asOf: Position;
}

export type NextInLine = (people: number, priority?: number) => Promise<WaitingLine>;

const CONCURRENT_ACCOUNTS = 64;

/**
 * Onboards the people of admitted cohorts, one cohort after the other, since one cohort's people decide who is next in
 * line. Chooses, onboards and reports people part by part, then closes the cohort. Each step is stored, so after a crash it
 * continues with the people already chosen, and a closed cohort onboards nobody.
 */
export function onboarding(transactor: Transactor, nextInLine: NextInLine, clock: Clock): Consumer {
  return defineConsumer({
    name: ONBOARDING,
    events: [CohortAdmitted],
    key: () => 'rollout',
    async react(event) {
      if (await isBeingOnboarded(transactor, event))
        await new CohortOnboarding(transactor, nextInLine, clock, event).run();
    },
  });
}

function frontOf({ people, asOf }: WaitingLine, places: number, { plan, from }: CohortShares) {
  return { accounts: shareOut(plan, people, places, from).map(({ accountId }) => accountId), asOf };
}

/** Those of the next part of a cohort. */
const laterPlaces = ({ plan, from }: CohortShares, { chosen }: Cohort): CohortShares => ({
  plan,
  from: from + chosen.reduce((sum, { accounts }) => sum + accounts.length, 0),
});

/** An admission in another stream than that of the rollout was not decided here, and admits nobody. */
async function isBeingOnboarded(transactor: Transactor, { data, position, stream }: Admitted): Promise<boolean> {
  if (stream !== rolloutStream.category) return false;
  const rollout = await transactor.load(rolloutStream, undefined);
  if (rollout.position < position) {
    throw new StoreUnavailable(
      `the store returned the rollout stream only up to ${rollout.position}, before ${position}`,
    );
  }
  return cohortsBeingOnboarded(rollout.state).some(({ cohortId }) => cohortId === data.cohortId);
}

class CohortOnboarding {
  private readonly admission: Admission;
  private readonly context: CommandContext;

  constructor(
    private readonly transactor: Transactor,
    private readonly nextInLine: NextInLine,
    private readonly clock: Clock,
    event: Admitted,
  ) {
    this.admission = event.data;
    this.context = causedBy(event, ONBOARDING);
  }

  async run(): Promise<void> {
    const { cohortId, size } = this.admission;
    let cohort = (await this.transactor.load(cohortStream, cohortId)).state;
    const times: number[] = [];
    const shares = await this.shares();
    for (let n = 0; n < cohort.chosen.length || placesLeft(cohort, size) > 0; n++) {
      if (n === cohort.chosen.length)
        cohort = await this.fill(n, placesLeft(cohort, size), laterPlaces(shares, cohort));
      const onboarded = await this.onboard(cohort.chosen[n]!);
      times.push(...onboarded.map(({ at }) => at));
      cohort = await this.reportOnboarded(onboarded.map(({ accountId }) => accountId));
    }
    await this.transactor.transact(rolloutStream, undefined, this.context, (rollout) =>
      closeCohort(rollout, cohortId, times),
    );
  }

  private async shares(): Promise<CohortShares> {
    const { cohortId, size, accounts } = this.admission;
    if (accounts) return { plan: NO_PLAN, from: 0 };
    const { state } = await this.transactor.transact(admissionPlanStream, undefined, this.context, (plan) =>
      shareCohort(plan, cohortId, size),
    );
    return sharesOfCohort(state, cohortId);
  }

  private async fill(part: number, places: number, shares: CohortShares): Promise<Cohort> {
    const { cohortId, size } = this.admission;
    const chosen = await this.choose(places, shares);
    const { state } = await this.transactor.transact(cohortStream, cohortId, this.context, (cohort) =>
      fillCohort(cohort, { cohortId, part, ...chosen, size }),
    );
    return state;
  }

  /**
   * Leaves out who has left since the line was read, even if they wait again by now: they are behind all others. Also whose class
   * was set since: they may be a hold-out by now.
   */
  private async choose(places: number, shares: CohortShares): Promise<{ accounts: string[]; turns: number[] }> {
    const { accounts: listed, priority } = this.admission;
    const line = listed
      ? { accounts: listed, asOf: Infinity }
      : frontOf(await this.nextInLine(places, priority), places, shares);
    const turns = await turnsOf(this.transactor, line.accounts);
    const chosen = line.accounts
      .map((accountId, n) => ({ accountId, ...turns[n]! }))
      .filter((one) => isWaiting(one) && Math.max(one.since, one.classifiedAt ?? 0) <= line.asOf);
    return { accounts: chosen.map(({ accountId }) => accountId), turns: chosen.map(({ turn }) => turn) };
  }

  /** Returns the accounts that this cohort onboarded, in the order of their turn. */
  private async onboard({ accounts, turns, chosenAt }: CohortPart): Promise<{ accountId: string; at: number }[]> {
    const { cohortId } = this.admission;
    const times = new Map<string, number>();
    const onboardOne = async (accountId: string, n: number) => {
      const context = { ...this.context, time: toIso(this.now()) };
      const { state } = await this.transactor.transact(waitingTurn, accountId, context, (turn) =>
        onboardInTurn(turn, { accountId, cohortId, turn: turns?.[n], chosenAt }),
      );
      if (state.standing.cohortId === cohortId) times.set(accountId, state.onboardedAt!);
    };
    await pMap(accounts, onboardOne, { concurrency: CONCURRENT_ACCOUNTS });
    return accounts.flatMap((accountId) => (times.has(accountId) ? [{ accountId, at: times.get(accountId)! }] : []));
  }

  /** At least the time of the admission, even if the clock went back: the cap was checked as of that time. */
  private now(): number {
    return Math.max(this.clock.now(), Date.parse(this.admission.at));
  }

  private async reportOnboarded(accounts: readonly string[]): Promise<Cohort> {
    const { cohortId, perWeek } = this.admission;
    const { state } = await this.transactor.transact(cohortStream, cohortId, this.context, (cohort) =>
      onboardCohort(cohort, { cohortId, accounts, perWeek }),
    );
    return state;
  }
}
