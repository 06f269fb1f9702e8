import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import { causedBy } from '../../kernel/command-context.js';
import { MAX_SEVERITY, policyStream, severitiesAt } from '../../policy/index.js';
import { ReviewAmended, ReviewConfirmed } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { placeHold, preservationStream } from '../preservation.js';

export const HOLD_PLACING = 'hold-placing';

/**
 * Every confirmed violation of a clause of the highest severity holds what is stored of its account, also one that only an
 * appeal found to be of that clause. While an event of the content policy can't be read, every confirmed violation does: a hold
 * can be lifted, an erasure can't be undone. The event's id is that of the hold, so that each confirmation of a case has one of
 * its own, which nobody can have placed and lifted before.
 */
export const holdPlacing = (transactor: Transactor, clock: Clock): Consumer =>
  defineConsumer({
    name: HOLD_PLACING,
    events: [ReviewConfirmed, ReviewAmended],
    // No account's id begins so: a case without an account keeps no account of the same name waiting.
    key: ({ data }) => data.accountId ?? `~${data.caseId}`,
    formerKey: ({ data }) => data.accountId ?? data.caseId,
    async react(event) {
      const { accountId, caseId, clause } = event.data;
      const { state: policies } = await transactor.load(policyStream, undefined);
      const severities = severitiesAt(policies, clock.now());
      const categories = event.type === 'ReviewConfirmed' ? event.data.categories : [];
      const labels = clause === undefined ? categories : [clause];
      const severe = labels.find((label) => severities?.get(label) === MAX_SEVERITY);
      if (severe === undefined && severities?.size !== 0) return;
      if (accountId === undefined) {
        throw new Error(
          `the confirmation of case ${caseId} at position ${event.position} names no account, so nothing is held: ` +
            'find the account of the image and place a hold by POST /v1/accounts/{id}/legal-holds',
        );
      }
      const hold = {
        ...{ accountId, holdId: event.id, caseId },
        ...(severe !== undefined && { clause: severe }),
        reason: severe === undefined ? 'the content policy can’t be read' : 'a violation of the highest severity',
      };
      await transactor.transact(preservationStream, accountId, causedBy(event, HOLD_PLACING), (state) =>
        placeHold(state, hold),
      );
    },
  });
