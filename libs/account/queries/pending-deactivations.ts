import type { AccountStanding } from '../account-standing.js';

/** The accounts whose deactivation a confirmed review decided and which are denied everything until it is stored. */
export abstract class PendingDeactivations {
  /** @param standing by the events of the account's stream */
  abstract includes(accountId: string, standing: AccountStanding): boolean;
}
