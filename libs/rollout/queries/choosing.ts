import { hasAccepted, type InvitedAccount, invitedAccount, isWaiting } from '../../account/index.js';
import type { Seen, Transactor } from '../../event-store/transact.js';
import type { CommandContext } from '../../kernel/command-context.js';
import type { Position } from '../../kernel/envelope.js';
import { admissionPlanStream, type CohortShares, shareCohort, sharesOfCohort } from '../admission-plan.js';
import { shareOut } from '../class-plan.js';
import { allowsClass } from '../phase.js';

/** Who waited at a position, in the order of their turn, of each class at most so many. Everything stored before the call counts. */
interface WaitingLine {
  people: { accountId: string; class: string }[];
  asOf: Position;
}

/** So many accounts are decided at once: their reads and appends go to the store together. */
export const CONCURRENT_ACCOUNTS = 256;

export type NextInLine = (people: number, priority?: number) => Promise<WaitingLine>;

/** For whom places are: the listed accounts, or the front of the line. */
export interface Selection {
  /** By which the class plan knows the places. */
  id: string;
  /** The number of places. */
  size: number;
  accounts?: readonly string[];
  priority?: number;
  /** Only people of these classes; all if absent. */
  classes?: readonly string[];
  /** Of a cohort of people who accepted: their batch. */
  batchId?: string;
}

/** Chooses people for the places of one cohort or batch of invitations, part by part. */
export class Choosing {
  private seen: ReadonlyMap<string, Seen<InvitedAccount>> = new Map();

  constructor(
    private readonly transactor: Transactor,
    private readonly nextInLine: NextInLine,
    private readonly selection: Selection,
    private readonly context: CommandContext,
  ) {}

  /**
   * Leaves out who has left since the line was read, even if they wait again by now: they are behind all others. Also whose class
   * was set since: they may be a hold-out by now.
   * @param before the number of people chosen for the places before
   */
  async choose(places: number, before: number): Promise<{ accounts: string[]; turns: number[] }> {
    const { accounts: listed, priority } = this.selection;
    const line = listed
      ? { accounts: listed, asOf: Infinity }
      : frontOf(await this.inLine(places, priority), places, laterPlaces(await this.shares(), before));
    const accounts = await Promise.all(
      line.accounts.map((accountId) => this.transactor.load(invitedAccount, accountId)),
    );
    const chosen = line.accounts
      .map((accountId, n) => ({ accountId, ...accounts[n]! }))
      .filter(({ state }) => this.mayBeChosen(state, line.asOf));
    this.seen = new Map(chosen.map(({ accountId, seen }) => [accountId, seen]));
    return {
      accounts: chosen.map(({ accountId }) => accountId),
      turns: chosen.map(({ state }) => state.turn.turn),
    };
  }

  /**
   * The account as it was read to choose it, so that the decision about it does not read it again. Undefined if another process chose
   * it, or for another turn.
   */
  seenOf(accountId: string, turn: number | undefined): Seen<InvitedAccount> | undefined {
    const seen = this.seen.get(accountId);
    return seen?.state.turn.turn === turn ? seen : undefined;
  }

  private async inLine(places: number, priority?: number): Promise<WaitingLine> {
    const { people, asOf } = await this.nextInLine(places, priority);
    return { people: people.filter((one) => this.isOfClass(one.class)), asOf };
  }

  private isOfClass(name: string | undefined): boolean {
    return allowsClass(this.selection, name);
  }

  private mayBeChosen(account: InvitedAccount, asOf: Position): boolean {
    const { accounts: listed, batchId } = this.selection;
    const { turn, invitation } = account;
    if (!this.isOfClass(account.class)) return false;
    if (!isWaiting(turn) || Math.max(turn.since, turn.classifiedAt ?? 0) > asOf) return false;
    if (batchId !== undefined) return hasAccepted(account, batchId);
    // Who is invited has left the line. A listed cohort onboards them all the same, and so ends their invitation.
    return listed !== undefined || !invitation;
  }

  private async shares(): Promise<CohortShares> {
    const { id, size } = this.selection;
    const { state } = await this.transactor.transact(admissionPlanStream, undefined, this.context, (plan) =>
      shareCohort(plan, id, size),
    );
    return sharesOfCohort(state, id);
  }
}

function frontOf({ people, asOf }: WaitingLine, places: number, { plan, from }: CohortShares) {
  return { accounts: shareOut(plan, people, places, from).map(({ accountId }) => accountId), asOf };
}

/** Those of the next part. */
const laterPlaces = ({ plan, from }: CohortShares, before: number): CohortShares => ({ plan, from: from + before });
