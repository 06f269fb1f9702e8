import pMap from 'p-map';
import { hasAccepted, invitedAccount, onboardInTurn } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { type CommandContext, causedBy } from '../../kernel/command-context.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import type { Admission } from '../admission.js';
import { closeCohort, isClosing, onboardedAt } from '../closing-cohort.js';
import { type Cohort, cohortStream, fillCohort, onboardCohort, placesLeft } from '../cohort.js';
import { CohortAdmitted } from '../events.js';
import { refuseBesideUncounted } from '../late-onboarding.js';
import { Choosing, CONCURRENT_ACCOUNTS, type NextInLine } from '../queries/choosing.js';
import { type CohortPart, type PartsLog, partAt, unreported } from '../queries/chosen-parts.js';
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
export function onboarding(transactor: Transactor, log: PartsLog, nextInLine: NextInLine, clock: Clock): Consumer {
  return defineConsumer({
    name: ONBOARDING,
    events: [CohortAdmitted],
    key: ({ data: { batchId } }) => (batchId === undefined ? LINE_KEY : `invited ${batchId}`),
    async react(event) {
      if (await isBeingOnboarded(transactor, event))
        await new CohortOnboarding(transactor, log, nextInLine, clock, event).run();
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
    private readonly log: PartsLog,
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
    let onboarded = onboardedAt([]);
    const selection = { id: cohortId, ...this.admission };
    const choosing = new Choosing(this.transactor, this.nextInLine, selection, this.context);
    for (let n = 0; n < cohort.parts.length || placesLeft(cohort, size) > 0; n++) {
      if (n === cohort.parts.length && isClosing(await this.rollout(), cohortId)) break;
      if (n === cohort.parts.length) cohort = await this.fill(n, placesLeft(cohort, size), choosing, cohort.people);
      const part = await partAt(this.log, cohort.parts[n]!);
      const people = await this.onboard(part, choosing);
      onboarded = onboardedAt(
        people.map(({ at }) => at),
        onboarded,
      );
      cohort = await this.reportOnboarded(
        part,
        people.map(({ accountId }) => accountId),
      );
    }
    await this.transactor.transact(rolloutStream, undefined, this.context, (rollout) =>
      closeCohort(rollout, cohortId, onboarded),
    );
  }

  private async fill(part: number, places: number, choosing: Choosing, before: number): Promise<Cohort> {
    const { cohortId, size } = this.admission;
    const next = await choosing.choose(places, before);
    const { state } = await this.transactor.transact(cohortStream, cohortId, this.context, (cohort) =>
      fillCohort(cohort, { cohortId, part, ...next, size }),
    );
    return state;
  }

  private async rollout(): Promise<Rollout> {
    return (await this.transactor.load(rolloutStream, undefined)).state;
  }

  /** Returns the accounts that this cohort onboarded, in the order of their turn. None more comes in once it is to be closed. */
  private async onboard(
    { accounts, turns, chosenAt }: CohortPart,
    choosing: Choosing,
  ): Promise<{ accountId: string; at: number }[]> {
    const { cohortId, batchId } = this.admission;
    const times = new Map<string, number>();
    // One time for all of them, which is the one that the rate has room for.
    const now = this.now();
    const rollout = await this.rollout();
    const isOver = isClosing(rollout, cohortId);
    if (!isOver) refuseBesideUncounted(rollout, cohortId, now);
    const context = { ...this.context, time: toIso(now) };
    const onboardOne = async (accountId: string, n: number) => {
      const { state } = await this.transactor.transact(
        invitedAccount,
        accountId,
        context,
        (account) =>
          !isOver && (batchId === undefined || hasAccepted(account, batchId))
            ? onboardInTurn(account.turn, { accountId, cohortId, turn: turns?.[n], chosenAt })
            : [],
        undefined,
        isOver ? undefined : choosing.seenOf(accountId, turns?.[n]),
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

  /** A report has been stored before if the process died after it. */
  private async reportOnboarded({ chosenAt }: CohortPart, people: readonly string[]): Promise<Cohort> {
    const { cohortId, perWeek } = this.admission;
    const { state } = await this.transactor.transact(
      cohortStream,
      cohortId,
      this.context,
      (cohort, accounts: readonly string[]) => onboardCohort(cohort, { cohortId, accounts, perWeek }),
      async (load) => unreported(this.log, await load(), chosenAt, people),
    );
    return state;
  }
}
