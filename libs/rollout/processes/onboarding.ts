import pMap from 'p-map';
import { isWaiting, takeTurn, waitingTurn } from '../../account/index.js';
import { type Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { type CommandContext, causedBy } from '../../kernel/command-context.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import type { Admission } from '../admission.js';
import { type Cohort, type CohortPart, cohortStream, fillCohort, onboardCohort, placesLeft } from '../cohort.js';
import { CohortAdmitted } from '../events.js';
import { turnsOf } from '../queries/waiting-turns.js';
import { closeCohort, cohortsBeingLetIn, rolloutStream } from '../rollout.js';

const ONBOARDING = 'onboarding';

type Admitted = RecordedOf<typeof CohortAdmitted>;

/** Who waits, in order of their turn, as of everything stored so far. */
export type NextInLine = (people: number, priority?: number) => Promise<string[]>;

const CONCURRENT_ACCOUNTS = 64;

/**
 * Onboards the people of admitted cohorts, one cohort after the other: who is next depends on whom the cohort before has
 * onboarded. Part by part, people are chosen, onboarded and reported; then the cohort is closed. Each step is stored, so after
 * a crash it continues with those that were chosen, and a closed cohort onboards nobody any more.
 */
export function onboarding(transactor: Transactor, nextInLine: NextInLine, clock: Clock): Consumer {
  return defineConsumer({
    name: ONBOARDING,
    events: [CohortAdmitted],
    key: () => 'rollout',
    async react(event) {
      if (await isBeingLetIn(transactor, event)) await new LettingIn(transactor, nextInLine, clock, event).run();
    },
  });
}

async function isBeingLetIn(transactor: Transactor, { data, position }: Admitted): Promise<boolean> {
  const rollout = await transactor.load(rolloutStream, undefined);
  if (rollout.position < position) throw new StoreUnavailable(`the rollout is not read up to position ${position} yet`);
  return cohortsBeingLetIn(rollout.state).some(({ cohortId }) => cohortId === data.cohortId);
}

class LettingIn {
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
    for (let n = 0; n < cohort.chosen.length || placesLeft(cohort, size) > 0; n++) {
      if (n === cohort.chosen.length) cohort = await this.fill(n, placesLeft(cohort, size));
      const letIn = await this.letIn(cohort.chosen[n]!);
      times.push(...letIn.map(({ at }) => at));
      cohort = await this.reportOnboarded(letIn.map(({ accountId }) => accountId));
    }
    await this.transactor.transact(rolloutStream, undefined, this.context, (rollout) =>
      closeCohort(rollout, cohortId, times),
    );
  }

  private async fill(part: number, places: number): Promise<Cohort> {
    const { cohortId, size } = this.admission;
    const accounts = await this.choose(places);
    const { state } = await this.transactor.transact(cohortStream, cohortId, this.context, (cohort) =>
      fillCohort(cohort, { cohortId, part, accounts, size }),
    );
    return state;
  }

  private async choose(places: number): Promise<string[]> {
    const { accounts: listed, priority } = this.admission;
    if (!listed) return this.nextInLine(places, priority);
    const turns = await turnsOf(this.transactor, listed);
    return listed.filter((_, n) => isWaiting(turns[n]!));
  }

  /** Those that are in with this cohort then, in the order of their turn. */
  private async letIn({ accounts, chosenAt }: CohortPart): Promise<{ accountId: string; at: number }[]> {
    const { cohortId } = this.admission;
    const times = new Map<string, number>();
    const onboard = async (accountId: string) => {
      const context = { ...this.context, time: toIso(this.now()) };
      const { state } = await this.transactor.transact(waitingTurn, accountId, context, (turn) =>
        takeTurn(turn, { accountId, cohortId, chosenAt }),
      );
      if (state.standing.cohortId === cohortId) times.set(accountId, state.onboardedAt!);
    };
    await pMap(accounts, onboard, { concurrency: CONCURRENT_ACCOUNTS });
    return accounts.flatMap((accountId) => (times.has(accountId) ? [{ accountId, at: times.get(accountId)! }] : []));
  }

  /** Not before the admission, even if the clock went back since: the cap was kept as of then. */
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
