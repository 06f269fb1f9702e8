import pMap from 'p-map';
import { hasAccepted, invitedAccount, onboardInTurn } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { type CommandContext, causedBy } from '../../kernel/command-context.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import type { Admission } from '../admission.js';
import { closeCohort, isClosing } from '../closing-cohort.js';
import { type Cohort, type CohortPart, cohortStream, fillCohort, onboardCohort, placesLeft } from '../cohort.js';
import { CohortAdmitted } from '../events.js';
import { refuseBesideUncounted } from '../late-onboarding.js';
import { Choosing, CONCURRENT_ACCOUNTS, type NextInLine } from '../queries/choosing.js';
import { rolloutSince } from '../queries/rollout-since.js';
import { cohortsBeingOnboarded, type Rollout, rolloutStream } from '../rollout.js';

const ONBOARDING = 'onboarding';

/** The consumer that it is, with that of invitations. */
export const FILLING_PLACES = 'filling-places';

/** Of everything that chooses people from the line: one after the other. */
export const LINE_KEY = 'rollout';

type Admitted = RecordedOf<typeof CohortAdmitted>;

/**
 * Onboards the people of admitted cohorts, one cohort after the other, since one cohort's people decide who is next in
 * line. People who accepted an invitation are not in the line, so their cohorts wait only for those of their batch. Chooses,
 * onboards and reports people part by part, then closes the cohort. Each step is stored, so after a crash it continues with the
 * people already chosen, and a closed cohort onboards nobody.
 */
export function onboarding(transactor: Transactor, nextInLine: NextInLine, clock: Clock): Consumer {
  return defineConsumer({
    name: ONBOARDING,
    events: [CohortAdmitted],
    key: ({ data: { batchId } }) => (batchId === undefined ? LINE_KEY : `invited ${batchId}`),
    async react(event) {
      if (await isBeingOnboarded(transactor, event))
        await new CohortOnboarding(transactor, nextInLine, clock, event).run();
    },
  });
}

/** An admission in another stream than that of the rollout was not decided here, and admits nobody. */
async function isBeingOnboarded(transactor: Transactor, { data, position, stream }: Admitted): Promise<boolean> {
  if (stream !== rolloutStream.category) return false;
  const rollout = await rolloutSince(transactor, position);
  return cohortsBeingOnboarded(rollout).some(({ cohortId }) => cohortId === data.cohortId);
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
    const selection = { id: cohortId, ...this.admission };
    const choosing = new Choosing(this.transactor, this.nextInLine, selection, this.context);
    for (let n = 0; n < cohort.chosen.length || placesLeft(cohort, size) > 0; n++) {
      if (n === cohort.chosen.length && isClosing(await this.rollout(), cohortId)) break;
      if (n === cohort.chosen.length) cohort = await this.fill(n, placesLeft(cohort, size), choosing, cohort.chosen);
      const onboarded = await this.onboard(cohort.chosen[n]!);
      times.push(...onboarded.map(({ at }) => at));
      cohort = await this.reportOnboarded(onboarded.map(({ accountId }) => accountId));
    }
    await this.transactor.transact(rolloutStream, undefined, this.context, (rollout) =>
      closeCohort(rollout, cohortId, times),
    );
  }

  private async fill(part: number, places: number, choosing: Choosing, chosen: Cohort['chosen']): Promise<Cohort> {
    const { cohortId, size } = this.admission;
    const next = await choosing.choose(places, chosen);
    const { state } = await this.transactor.transact(cohortStream, cohortId, this.context, (cohort) =>
      fillCohort(cohort, { cohortId, part, ...next, size }),
    );
    return state;
  }

  private async rollout(): Promise<Rollout> {
    return (await this.transactor.load(rolloutStream, undefined)).state;
  }

  /** Returns the accounts that this cohort onboarded, in the order of their turn. None more comes in once it is to be closed. */
  private async onboard({ accounts, turns, chosenAt }: CohortPart): Promise<{ accountId: string; at: number }[]> {
    const { cohortId, batchId } = this.admission;
    const times = new Map<string, number>();
    // One time for all of them, which is the one that the rate has room for.
    const now = this.now();
    const rollout = await this.rollout();
    const isOver = isClosing(rollout, cohortId);
    if (!isOver) refuseBesideUncounted(rollout, cohortId, now);
    const context = { ...this.context, time: toIso(now) };
    const onboardOne = async (accountId: string, n: number) => {
      const { state } = await this.transactor.transact(invitedAccount, accountId, context, (account) =>
        !isOver && (batchId === undefined || hasAccepted(account, batchId))
          ? onboardInTurn(account.turn, { accountId, cohortId, turn: turns?.[n], chosenAt })
          : [],
      );
      const { standing, onboardedAt } = state.turn;
      if (standing.cohortId === cohortId) times.set(accountId, onboardedAt!);
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
