import type { Transactor } from '../../event-store/transact.js';
import { causedBy } from '../../kernel/command-context.js';
import { caseStream, ReviewOverturned } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { appealStream, lapseAppeal } from '../appeal.js';
import { AppealFiled } from '../events.js';

const NAME = 'appeal-lapsing';

/**
 * Closes an appeal that was filed in the moment before its decision was undone: it would wait for nothing, and the next
 * confirmation could not be appealed against. Two streams decide, so whichever comes later in the log finds the other.
 */
export const appealLapsing = (transactor: Transactor): Consumer =>
  defineConsumer({
    name: NAME,
    events: [AppealFiled, ReviewOverturned],
    key: ({ data }) => data.caseId ?? '',
    async react(event) {
      const { caseId } = event.data;
      if (caseId === undefined) return;
      // The case after the appeal: what is about a later confirmation than the one read here stays open.
      const { state } = await transactor.load(appealStream, caseId);
      const { inForce } = (await transactor.load(caseStream, caseId)).state;
      if (lapseAppeal(state, caseId, inForce?.since).length === 0) return;
      await transactor.transact(appealStream, caseId, causedBy(event, NAME), (current) =>
        current.number === state.number ? lapseAppeal(current, caseId, inForce?.since) : [],
      );
    },
  });
