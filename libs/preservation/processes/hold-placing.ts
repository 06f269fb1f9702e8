import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import { causedBy } from '../../kernel/command-context.js';
import { policyStream } from '../../policy/index.js';
import { ReviewAmended, ReviewConfirmed, ReviewUpheld } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { placeHold, placeHoldAgain, preservationStream } from '../preservation.js';
import { confirmedHold, HOLD_PLACING, holdKey } from '../queries/confirmed-hold.js';

/**
 * Every confirmed violation of a clause of the highest severity holds what is stored of its account, also one that only an
 * appeal, or a later round of the case, found to be of that clause.
 */
export const holdPlacing = (transactor: Transactor, clock: Clock): Consumer =>
  defineConsumer({
    name: HOLD_PLACING,
    events: [ReviewConfirmed, ReviewUpheld, ReviewAmended],
    key: holdKey,
    formerKey: ({ data }) => data.accountId ?? data.caseId,
    async react(event) {
      const { accountId, caseId } = event.data;
      const { state: policies } = await transactor.load(policyStream, undefined);
      const hold = confirmedHold(event, policies, clock.now());
      if (!hold) return;
      if (accountId === undefined) {
        throw new Error(
          `the confirmation of case ${caseId} at position ${event.position} names no account, so nothing is held: ` +
            'find the account of the image and place a hold by POST /v1/accounts/{id}/legal-holds',
        );
      }
      const place = event.type === 'ReviewUpheld' ? placeHoldAgain : placeHold;
      await transactor.transact(preservationStream, accountId, causedBy(event, HOLD_PLACING), (state) =>
        place(state, { accountId, ...hold }),
      );
    },
  });
