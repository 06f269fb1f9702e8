/** The accounts whose deactivation a confirmed review decided and which are denied everything until it is stored. */
export abstract class PendingDeactivations {
  abstract includes(accountId: string): boolean;
}
