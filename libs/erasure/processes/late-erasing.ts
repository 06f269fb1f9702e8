import { imageKey } from '../../event-store/personal-owners.js';
import type { Transactor } from '../../event-store/transact.js';
import { causedBy } from '../../kernel/command-context.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { CaseOpened } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { keysStream, noteDestroyed } from '../keys.js';

const LATE_ERASING = 'late-erasing';

/** An image of an erased person may be flagged afterwards: what others write about it is erased too. */
export const lateErasing = (transactor: Transactor, keys: PersonKeys): Consumer =>
  defineConsumer({
    name: LATE_ERASING,
    events: [CaseOpened],
    key: ({ data }) => data.caseId,
    async react(event) {
      const { accountId, caseId, origin } = event.data;
      if (accountId === undefined || origin === 'golden' || !(await keys.isForgotten(accountId))) return;
      const keyEpoch = await keys.destroy({ names: [imageKey(caseId)] });
      await transactor.transact(keysStream, undefined, causedBy(event, LATE_ERASING), (state) =>
        noteDestroyed(state, { keyEpoch, people: [accountId] }),
      );
    },
  });
