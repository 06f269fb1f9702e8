import pMap from 'p-map';
import { invite, invitedAccount } from '../../account/index.js';
import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import { causedBy } from '../../kernel/command-context.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { PlacesHeld } from '../invitation-events.js';
import { rolloutStream } from '../rollout.js';

const INVITING = 'inviting';
const CONCURRENT_ACCOUNTS = 64;

/** Invites the accounts of a batch. A repeat, however late, invites nobody again: each account knows the batches it had. */
export function inviting(transactor: Transactor, clock: Clock): Consumer {
  return defineConsumer({
    name: INVITING,
    events: [PlacesHeld],
    key: ({ data }) => data.batchId,
    async react(event) {
      // In another stream than that of the rollout it was not decided here, and holds nothing.
      if (event.stream !== rolloutStream.category) return;
      const { accounts, batchId, until } = event.data;
      const inviteOne = (accountId: string) =>
        transactor.transact(invitedAccount, accountId, causedBy(event, INVITING), (state) =>
          invite(state, { accountId, batchId }, Date.parse(until), clock.now()),
        );
      await pMap(accounts, inviteOne, { concurrency: CONCURRENT_ACCOUNTS });
    },
  });
}
