import pMap from 'p-map';
import { expireInvitation, hasAccepted, invitedAccount } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { batchStream, endChoice } from '../invitation-batch.js';
import { CONCURRENT_ACCOUNTS } from '../queries/choosing.js';
import { rolloutStream } from '../rollout.js';
import { completeWithdrawal, freeWithdrawn } from '../withdraw-invitations.js';

/**
 * Ends each invitation of a withdrawn batch that nobody accepted, also of people who were chosen and not invited yet, so that no
 * repeat, however late, invites anybody. Then the places are free except those of people who accepted.
 */
export async function endWithdrawn(transactor: Transactor, batchId: string, context: CommandContext): Promise<void> {
  const { state: batch } = await transactor.transact(batchStream, batchId, context, (now) => endChoice(now, batchId));
  let accepted = 0;
  let people = 0;
  const endOne = async (accountId: string) => {
    const { state } = await transactor.transact(invitedAccount, accountId, context, (account) =>
      expireInvitation(account, { accountId, batchId }, true),
    );
    if (hasAccepted(state, batchId)) accepted++;
    if (state.withdrawn.includes(batchId)) people++;
  };
  for (const { accounts } of batch.chosen) await pMap(accounts, endOne, { concurrency: CONCURRENT_ACCOUNTS });
  await transactor.transact(rolloutStream, undefined, context, (rollout) => freeWithdrawn(rollout, batchId, accepted));
  await transactor.transact(rolloutStream, undefined, context, (rollout) =>
    completeWithdrawal(rollout, batchId, people),
  );
}
