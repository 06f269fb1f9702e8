import type { Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import { causedBy } from '../../kernel/command-context.js';
import { MAX_SEVERITY, policyStream, severitiesAt } from '../../policy/index.js';
import { ReviewConfirmed } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { placeHold, preservationStream } from '../preservation.js';

export const HOLD_PLACING = 'hold-placing';

/**
 * Every confirmed violation of a clause of the highest severity holds what is stored of its account. While an event of the
 * content policy can't be read, every confirmed violation does: a hold can be lifted, an erasure can't be undone.
 */
export const holdPlacing = (transactor: Transactor, clock: Clock): Consumer =>
  defineConsumer({
    name: HOLD_PLACING,
    events: [ReviewConfirmed],
    key: ({ data }) => data.accountId ?? data.caseId,
    async react(event) {
      const { accountId, caseId, clause, categories } = event.data;
      if (accountId === undefined) return;
      const { state: policies } = await transactor.load(policyStream, undefined);
      const severities = severitiesAt(policies, clock.now());
      const labels = clause === undefined ? categories : [clause];
      const severe = labels.find((label) => severities?.get(label) === MAX_SEVERITY);
      if (severe === undefined && severities?.size !== 0) return;
      const hold = {
        ...{ accountId, holdId: caseId, caseId },
        ...(severe !== undefined && { clause: severe }),
        reason: severe === undefined ? 'the content policy can’t be read' : 'a violation of the highest severity',
      };
      await transactor.transact(preservationStream, accountId, causedBy(event, HOLD_PLACING), (state) =>
        placeHold(state, hold),
      );
    },
  });
