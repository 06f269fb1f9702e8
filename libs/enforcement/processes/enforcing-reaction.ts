import { accountStream, deactivateAccount } from '../../account/index.js';
import { causedBy, type Transactor } from '../../event-store/transact.js';
import type { Reaction } from '../../projections/reactor.js';
import { completeEnforcement, enforcementStream, orderEnforcement } from '../enforcement.js';
import { type EnforcementAction, enforcementTypes, nextEnforcementActions } from './enforcing.js';

export const ENFORCING = 'enforcing';

/** A confirmed review deactivates the image's account. */
export function enforcingReaction(transactor: Transactor): Reaction {
  return {
    name: ENFORCING,
    types: enforcementTypes,
    key: (event) => event.data.accountId,
    async react(event) {
      const context = causedBy(event, ENFORCING);
      const take = (action: EnforcementAction): Promise<unknown> => {
        const { accountId } = action.data;
        switch (action.kind) {
          case 'order-enforcement':
            return transactor.transact(enforcementStream, accountId, context, (state) =>
              orderEnforcement(state, action.data),
            );
          case 'deactivate-account':
            return transactor.transact(accountStream, accountId, context, (state) =>
              deactivateAccount(state, action.data),
            );
          case 'complete-enforcement':
            return transactor.transact(enforcementStream, accountId, context, (state) =>
              completeEnforcement(state, action.data),
            );
        }
      };
      for (const together of nextEnforcementActions(event)) await Promise.all(together.map(take));
    },
  };
}
