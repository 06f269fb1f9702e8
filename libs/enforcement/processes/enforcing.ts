import { AccountDeactivated, accountStream, deactivateAccount } from '../../account/index.js';
import type { OwnEventIds } from '../../event-store/event-identity.js';
import { type Transactor } from '../../event-store/transact.js';
import { causedBy } from '../../kernel/command-context.js';
import { ReviewConfirmed } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { completeEnforcement, enforcementStream, orderEnforcement } from '../enforcement.js';
import { type EnforcementAction, nextEnforcementActions } from '../enforcement-actions.js';

export const ENFORCING = 'enforcing';

/**
 * A confirmed review is enforced once. Its case's own enforcement stream says that it was, whether or not the account was
 * deactivated already, so processing it again does not undo a later reinstatement, and the account's stream does not grow
 * with its confirmed images. Before that is stored, the deactivation is known by an event id derived from the confirmation.
 */
export function enforcing(transactor: Transactor, ownEventIds: OwnEventIds): Consumer {
  return defineConsumer({
    name: ENFORCING,
    events: [ReviewConfirmed],
    key: ({ data }) => data.accountId ?? data.caseId,
    async react(event) {
      const context = causedBy(event, ENFORCING);
      if ((await transactor.load(enforcementStream, event.data.caseId)).state === 'completed') return;
      const perform = (action: EnforcementAction): Promise<unknown> => {
        const { accountId, caseId } = action.data;
        switch (action.kind) {
          case 'order-enforcement':
            return transactor.transact(enforcementStream, caseId, context, (state) =>
              orderEnforcement(state, action.data),
            );
          case 'deactivate-account': {
            const once = {
              ...context,
              ...ownEventIds.identify(event, action.kind),
              eventType: AccountDeactivated.type,
              isRecordedElsewhere: true,
            };
            return transactor.transact(accountStream, accountId, once, (state) =>
              deactivateAccount(state, action.data),
            );
          }
          case 'complete-enforcement':
            return transactor.transact(enforcementStream, caseId, context, (state) =>
              completeEnforcement(state, action.data),
            );
        }
      };
      for (const together of nextEnforcementActions(event)) await Promise.all(together.map(perform));
    },
  });
}
