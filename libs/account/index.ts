import type { Context } from '../context/context.js';
import { accountHistoryStream } from './account-history.js';
import { accountStream } from './account-standing.js';
import { accountEvents, personEvents } from './events.js';
import { AcceptPolicyController, AcceptPolicyHandler } from './features/accept-policy.js';
import { AddressClaims } from './features/address-claims.js';
import { ChangeAddressController, ChangeAddressHandler } from './features/change-address.js';
import {
  DeactivateAccountController,
  DeactivateAccountHandler,
  deactivateAccountInbound,
} from './features/deactivate-account.js';
import { ReinstateAccountController, ReinstateAccountHandler } from './features/reinstate-account.js';
import { RestrictAccountController, RestrictAccountHandler } from './features/restrict-account.js';
import { SuspendAccountController, SuspendAccountHandler } from './features/suspend-account.js';
import { invitedAccount } from './invitation.js';
import { personStream } from './person.js';
import { addressSettling } from './processes/address-settling.js';
import { AccountRecords } from './queries/account-records.js';
import { AddressBook } from './queries/address-book.js';
import { ShowAccountController, ShowAccountHandler } from './queries/show-account.js';
import { accountStandingView } from './views/account-standing.js';
import { waitlistClassStream } from './waitlist-class.js';

export * from './account-address.js';
export * from './account-enforcement.js';
export * from './account-history.js';
export * from './account-standing.js';
export * from './address-confirmation.js';
export * from './confirmation-events.js';
export * from './confirmations.js';
export * from './consequences.js';
export * from './events.js';
export { AddressClaims } from './features/address-claims.js';
export { settleErased } from './features/settle-erased.js';
export * from './invitation.js';
export * from './invitation-events.js';
export * from './person.js';
export { type AccountRecord, AccountRecords } from './queries/account-records.js';
export { AddressBook, addressesOf, type Holder } from './queries/address-book.js';
export { confirmationToken, offerOf } from './queries/confirmation-token.js';
export { contactFields, withheldContacts } from './queries/contact-answers.js';
export { invitationToken } from './queries/invitation-token.js';
export { PendingDeactivations } from './queries/pending-deactivations.js';
export { policiesWhen, publishedPolicies } from './queries/published-policies.js';
export * from './undo-decision.js';
export * from './views/account-standing.js';
export * from './waiting-turn.js';
export * from './waitlist-class.js';

export const accountContext: Context = {
  name: 'account',
  events: [...accountEvents, ...personEvents],
  streams: [accountStream, accountHistoryStream, waitlistClassStream, invitedAccount, personStream],
  views: [accountStandingView],
  consumers: ({ transactor, store, addressHashes, personKeys, ids }) => [
    addressSettling(new AddressClaims(transactor, store, addressHashes, personKeys, ids)),
  ],
  commands: [
    ShowAccountHandler,
    AcceptPolicyHandler,
    ChangeAddressHandler,
    SuspendAccountHandler,
    RestrictAccountHandler,
    ReinstateAccountHandler,
    DeactivateAccountHandler,
  ],
  inbound: (commands) => [deactivateAccountInbound(commands)],
  routes: [
    {
      name: 'Accounts',
      description: 'The status of an account, now or at any earlier moment, and what changes it.',
      controllers: [
        ShowAccountController,
        AcceptPolicyController,
        ChangeAddressController,
        SuspendAccountController,
        RestrictAccountController,
        ReinstateAccountController,
        DeactivateAccountController,
      ],
    },
  ],
  services: [AddressBook, AddressClaims, AccountRecords],
};
