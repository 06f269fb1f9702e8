import { accountStream, deactivateAccount } from '../../account/index.js';
import { causedBy, type Transactor } from '../../event-store/transact.js';
import type { Reaction } from '../../projections/reactor.js';
import { completeEnforcement, enforcementStream, orderEnforcement } from '../enforcement.js';
import { enforcementTypes, nextEnforcementActions } from './enforcing.js';

export const ENFORCING = 'enforcing';

/** A confirmed review deactivates the image's account. */
export function enforcingReaction(transactor: Transactor): Reaction {
  return {
    name: ENFORCING,
    types: enforcementTypes,
    key: (event) => event.data.accountId,
    async react(event) {
      const context = causedBy(event, ENFORCING);
      for (const action of nextEnforcementActions(event)) {
        const { accountId } = action.data;
        switch (action.kind) {
          case 'order-enforcement':
            await transactor.transact(enforcementStream, accountId, context, (state) =>
              orderEnforcement(state, action.data),
            );
            break;
          case 'deactivate-account':
            await transactor.transact(accountStream, accountId, context, (state) =>
              deactivateAccount(state, action.data),
            );
            break;
          case 'complete-enforcement':
            await transactor.transact(enforcementStream, accountId, context, (state) =>
              completeEnforcement(state, action.data),
            );
        }
      }
    },
  };
}
