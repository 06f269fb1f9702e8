import { AccountReinstated, accountStream, consequencesOf, imposeMeasures, isCause } from '../../account/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import type { Transactor } from '../../event-store/transact.js';
import { isOf } from '../../events/event-definition.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { enforcementStream } from '../enforcement.js';
import { EnforcementCompleted } from '../events.js';

const NAME = 'cause-adding';

/**
 * Adds the case to a deactivation that is in force, if an earlier release stored nothing of it on the account, which was
 * deactivated already: without that, lifting the other case would free the account of this one too. It denies nobody
 * anything that is not denied.
 */
export const causeAdding = (transactor: Transactor, store: EventStore, ownEventIds: OwnEventIds): Consumer =>
  defineConsumer({
    name: NAME,
    events: [EnforcementCompleted],
    key: ({ data }) => data.accountId,
    async react(event) {
      const { accountId, caseId } = event.data;
      if (caseId === undefined) return;
      const { state: enforcement } = await transactor.load(enforcementStream, caseId);
      const { status, order } = enforcement;
      if (status !== 'completed' || order?.measure !== 'deactivate') return;
      // Most have their case there.
      const { state: standing } = await transactor.load(accountStream, accountId);
      if (!standing.deactivated || isCause(consequencesOf(standing), caseId)) return;
      const history = await store.readStream(`${accountStream.category}-${accountId}`);
      if (history.some((one) => names(one, caseId) || isReinstatedSince(one, event.position))) return;
      const { categories, clause, imageId = caseId } = order;
      const context = ownEventIds.once(event, NAME, NAME);
      await transactor.transact(accountStream, accountId, context, (state) =>
        state.deactivated
          ? imposeMeasures(state, { accountId, caseId, imageId, categories, clause }, { deactivate: true })
          : [],
      );
    },
  });

/** Whether an event of the account imposed or lifted something because of the case. */
const names = ({ fault, data }: RecordedEvent, caseId: string): boolean =>
  fault === undefined && (data.caseId === caseId || data.cause === caseId);

/** Whether everything was lifted, that of the case too. */
const isReinstatedSince = (event: RecordedEvent, completedAt: Position): boolean =>
  event.position > completedAt && isOf(AccountReinstated, event) && event.data.cause === undefined;
