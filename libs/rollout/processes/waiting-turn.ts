import { type AccountEvent, type AccountStanding, accountStream, onboardAccount } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import type { StreamKind } from '../../kernel/decider.js';
import type { Position } from '../../kernel/envelope.js';
import { Refusal } from '../../kernel/errors.js';

/** An account as letting in looks at it. */
export interface WaitingTurn {
  standing: AccountStanding;
  /** Since when it has waited without a break: the join in force, or the reinstatement since. */
  since: Position;
  /** Epoch milliseconds. */
  onboardedAt?: number;
}

export const waitingTurn: StreamKind<WaitingTurn, AccountEvent> = {
  category: accountStream.category,
  events: accountStream.events,
  initial: { standing: accountStream.initial, since: 0 },
  evolve(turn, event, place) {
    const standing = accountStream.evolve(turn.standing, event, place);
    switch (event.type) {
      case 'WaitlistJoined':
      case 'AccountReinstated':
        return { ...turn, standing, since: place.position };
      case 'AccountOnboarded':
        return { ...turn, standing, onboardedAt: Date.parse(place.time) };
      default:
        return { ...turn, standing };
    }
  },
};

export const isWaiting = ({ standing }: WaitingTurn): boolean => standing.status === 'waiting' && !standing.deactivated;

/** Quiet for whoever left or was deactivated since the choice, also where they wait again: that is another turn. */
export function takeTurn(
  turn: WaitingTurn,
  { accountId, cohortId, chosenAt }: { accountId: string; cohortId: string; chosenAt: Position },
): AccountEvent[] {
  return isWaiting(turn) && turn.since < chosenAt ? onboardAccount(turn.standing, { accountId, cohortId }) : [];
}

export const turnsOf = (transactor: Transactor, accounts: readonly string[]): Promise<WaitingTurn[]> =>
  Promise.all(accounts.map(async (accountId) => (await transactor.load(waitingTurn, accountId)).state));

const NAMED = 10;

/** @throws Refusal not-waiting (details: accounts) */
export async function refuseUnlessWaiting(transactor: Transactor, accounts: readonly string[]): Promise<void> {
  const turns = await turnsOf(transactor, accounts);
  const others = accounts.flatMap((accountId, n) => (isWaiting(turns[n]!) ? [] : [{ accountId, turn: turns[n]! }]));
  if (others.length === 0) return;
  const named = others.slice(0, NAMED);
  throw new Refusal(
    'not-waiting',
    `${others.length} of the ${accounts.length} accounts are not on the waitlist: ` +
      named.map(({ accountId, turn }) => `${accountId} (${standingOf(turn)})`).join(', ') +
      `${others.length > NAMED ? ', …' : ''}; leave them out, or let them join first`,
    { accounts: named.map(({ accountId }) => accountId) },
  );
}

function standingOf({ standing: { status, deactivated, cohortId } }: WaitingTurn): string {
  if (deactivated) return 'deactivated';
  return cohortId === undefined ? status : `${status} with cohort ${cohortId}`;
}
