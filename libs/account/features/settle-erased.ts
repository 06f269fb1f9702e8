import type { Transactor } from '../../event-store/transact.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { accountStream } from '../account-standing.js';
import { keepsAddress, leaveErased } from '../erased-account.js';
import { claimant, personStream, releaseAddress } from '../person.js';
import { countedHolder } from './counted-holder.js';

/** What the erasure of a person changes of their account and of their address. A repeat changes nothing. */
export async function settleErased(
  transactor: Transactor,
  accountId: string,
  { by, recognisesDeactivated }: { by: CommandContext; recognisesDeactivated: boolean },
): Promise<void> {
  const { state } = await transactor.transact(accountStream, accountId, by, (standing) =>
    leaveErased(standing, accountId),
  );
  if (keepsAddress(state, recognisesDeactivated)) return;
  const { state: holder } = await transactor.load(countedHolder, accountId);
  if (holder.address === undefined) return;
  await transactor.transact(personStream, holder.address, by, (person) =>
    claimant(person) === accountId ? releaseAddress(person, person) : [],
  );
}
