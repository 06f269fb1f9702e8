import { invitedAccount, isWaiting, type WaitingTurn, waitingTurn, waitlistClassStream } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import { counted } from '../../kernel/counted.js';
import { Refusal } from '../../kernel/errors.js';
import type { ClassesOf } from '../phase.js';

export const turnsOf = (transactor: Transactor, accounts: readonly string[]): Promise<WaitingTurn[]> =>
  Promise.all(accounts.map(async (accountId) => (await transactor.load(waitingTurn, accountId)).state));

/** In which class each of them waits; undefined for none. */
export async function classesOf(transactor: Transactor, accounts: readonly string[] = []): Promise<ClassesOf> {
  const load = async (accountId: string) =>
    [accountId, (await transactor.load(waitlistClassStream, accountId)).state.class] as const;
  return new Map(await Promise.all(accounts.map(load)));
}

const NAMED = 10;

/** @throws Refusal not-waiting (details: accounts) */
export async function refuseUnlessWaiting(transactor: Transactor, accounts: readonly string[]): Promise<void> {
  const turns = await turnsOf(transactor, accounts);
  const others = accounts.flatMap((accountId, n) => (isWaiting(turns[n]!) ? [] : [{ accountId, turn: turns[n]! }]));
  if (others.length === 0) return;
  const named = others.slice(0, NAMED);
  throw new Refusal(
    'not-waiting',
    `${others.length} of ${counted(accounts.length, 'account')} can't be chosen: ` +
      named.map(({ accountId, turn }) => `${accountId} (${standingOf(turn)})`).join(', ') +
      `${others.length > NAMED ? ', …' : ''}; leave them out, or let them join and confirm their address first`,
    { accounts: named.map(({ accountId }) => accountId) },
  );
}

/** Also an account that another batch has invited is not in the line. @throws Refusal not-waiting (details: accounts) */
export async function refuseUnlessInvitable(transactor: Transactor, accounts: readonly string[]): Promise<void> {
  await refuseUnlessWaiting(transactor, accounts);
  const states = await Promise.all(accounts.map((accountId) => transactor.load(invitedAccount, accountId)));
  const invited = accounts.filter((_, n) => states[n]!.state.invitation);
  if (invited.length === 0) return;
  const named = invited.slice(0, NAMED);
  throw new Refusal(
    'not-waiting',
    `${invited.length} of ${counted(accounts.length, 'account')} ${invited.length === 1 ? 'is' : 'are'} invited already: ${named.join(', ')}${invited.length > NAMED ? ', …' : ''}; leave them out`,
    { accounts: named },
  );
}

function standingOf({ standing: { status, deactivated, cohortId }, confirmation }: WaitingTurn): string {
  if (deactivated) return 'deactivated';
  if (status === 'waiting' && confirmation.isPending) return 'address not confirmed';
  return cohortId === undefined ? status : `${status} with cohort ${cohortId}`;
}
