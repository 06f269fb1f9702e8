/** What services did for accounts that were denied it. */
export abstract class DisregardedUses {
  /** How many noted uses of the account there were from a time on, RFC 3339; null while the view of them is not built. */
  abstract since(accountId: string, time: string): Promise<number | null>;
}
