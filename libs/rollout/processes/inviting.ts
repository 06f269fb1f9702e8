import pMap from 'p-map';
import {
  expireInvitation,
  hasAccepted,
  invitationToken,
  invitedAccount,
  inviteOrEnd,
  tokenHashOf,
  wasInvited,
} from '../../account/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { Transactor } from '../../event-store/transact.js';
import { INVITED_PREFIX } from '../../gate/sliced-cohorts.js';
import type { Clock } from '../../kernel/clock.js';
import { type CommandContext, causedBy } from '../../kernel/command-context.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { placesLeft } from '../cohort.js';
import { batchOf } from '../held-places.js';
import { freeUnfilled } from '../hold-places.js';
import { batchStream, chooseInvited, endChoice } from '../invitation-batch.js';
import { InvitationsWithdrawn, PlacesHeld } from '../invitation-events.js';
import { Choosing, CONCURRENT_ACCOUNTS, type NextInLine } from '../queries/choosing.js';
import { type CohortPart, type PartsLog, partAt } from '../queries/chosen-parts.js';
import { rolloutSince } from '../queries/rollout-since.js';
import { rolloutStream } from '../rollout.js';
import { settleWithdrawn } from '../withdraw-invitations.js';
import { LINE_KEY } from './onboarding.js';

const INVITING = 'inviting';

/**
 * Chooses the accounts of each batch and invites them, part by part and one batch after the other, since who is invited decides
 * who is next in line. Each step is stored, so after a crash it continues with the people already chosen. A repeat, however late,
 * invites nobody again: each account knows the batches it had. The place of somebody who stopped waiting before the invitation was
 * sent is free at once. A batch that is withdrawn meanwhile invites nobody else, and its people are in the line again before anybody
 * else is chosen.
 */
export function inviting(
  transactor: Transactor,
  log: PartsLog,
  nextInLine: NextInLine,
  ownEventIds: Pick<OwnEventIds, 'of'>,
  clock: Clock,
): Consumer {
  return defineConsumer({
    name: INVITING,
    events: [PlacesHeld, InvitationsWithdrawn],
    key: () => LINE_KEY,
    async react(event) {
      // In another stream than that of the rollout it was not decided here, and holds nothing.
      if (event.stream !== rolloutStream.category) return;
      const context = causedBy(event, INVITING);
      const { batchId } = event.data;
      const isOpen = async () => {
        const batch = batchOf((await rolloutSince(transactor, event.position)).held, batchId);
        return batch !== undefined && !batch.withdrawal;
      };
      if (event.type === 'InvitationsWithdrawn') return endWithdrawn(transactor, log, batchId, context);
      if (!(await isOpen())) return;
      const { size, until, accounts, priority, classes } = event.data;
      const id = `${INVITED_PREFIX}${batchId}`;
      const only = { ...(priority !== undefined && { priority }), ...(classes && { classes }) };
      const selection = { id, size, ...(accounts && { accounts }), ...only };
      const choosing = new Choosing(transactor, nextInLine, selection, context);
      const invitation = (accountId: string) => {
        const tokenHash = tokenHashOf(invitationToken(ownEventIds, accountId, batchId));
        return { accountId, batchId, until: Date.parse(until), tokenHash, isListed: accounts !== undefined };
      };
      let invited = 0;
      const inviteAll = async ({ accounts: chosen, turns = [] }: CohortPart) => {
        const inviteOne = async (accountId: string, n: number) => {
          const { state } = await transactor.transact(
            invitedAccount,
            accountId,
            context,
            (account) => inviteOrEnd(account, { ...invitation(accountId), turn: turns[n]! }, clock.now()),
            undefined,
            choosing.seenOf(accountId, turns[n]),
          );
          if (wasInvited(state, batchId)) invited++;
        };
        await pMap(chosen, inviteOne, { concurrency: CONCURRENT_ACCOUNTS });
      };
      let batch = (await transactor.load(batchStream, batchId)).state;
      for (let n = 0; n < batch.parts.length || placesLeft(batch, size) > 0; n++) {
        if (!(await isOpen())) return;
        if (n === batch.parts.length) {
          const next = await choosing.choose(placesLeft(batch, size), batch.people);
          const choose = { batchId, part: n, ...next, size };
          batch = (await transactor.transact(batchStream, batchId, context, (now) => chooseInvited(now, choose))).state;
        }
        await inviteAll(await partAt(log, batch.parts[n]!));
      }
      await transactor.transact(rolloutStream, undefined, context, (now) => freeUnfilled(now, batchId, invited));
    },
  });
}

/**
 * Ends each invitation of a withdrawn batch that nobody accepted, also of people who were chosen and not invited yet, so that no
 * repeat, however late, invites anybody. Then the places are free except those of people who accepted; if nobody has, the batch is over.
 */
async function endWithdrawn(
  transactor: Transactor,
  log: PartsLog,
  batchId: string,
  context: CommandContext,
): Promise<void> {
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
  for (const part of batch.parts) {
    const { accounts } = await partAt(log, part);
    await pMap(accounts, endOne, { concurrency: CONCURRENT_ACCOUNTS });
  }
  await transactor.transact(rolloutStream, undefined, context, (rollout) =>
    settleWithdrawn(rollout, batchId, people, accepted),
  );
}
