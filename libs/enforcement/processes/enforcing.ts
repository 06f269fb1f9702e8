import { AccountDeactivated, accountStream, deactivateAccount } from '../../account/index.js';
import { type Transactor } from '../../event-store/transact.js';
import { causedBy } from '../../kernel/command-context.js';
import { nameBasedId } from '../../kernel/ids.js';
import { ReviewConfirmed } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { completeEnforcement, enforcementStream, orderEnforcement } from '../enforcement.js';
import { type EnforcementAction, nextEnforcementActions } from '../enforcement-actions.js';

export const ENFORCING = 'enforcing';

/**
 * A confirmed review deactivates the image's account once: the deactivation has an event id derived from the
 * confirmation, so processing the confirmation again does not undo a later reinstatement.
 */
export function enforcing(transactor: Transactor): Consumer {
  return defineConsumer({
    name: ENFORCING,
    events: [ReviewConfirmed],
    key: ({ data }) => data.accountId ?? data.caseId,
    async react(event) {
      const context = causedBy(event, ENFORCING);
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
              eventId: nameBasedId(event.id, action.kind),
              eventType: AccountDeactivated.type,
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
