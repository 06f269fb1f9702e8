/** What services did although it was denied. */
export abstract class DisregardedUses {
  /**
   * How many noted uses there were from a time on, RFC 3339: by the account, and shares of the image while it was withheld.
   * @param imageId none if the decision is about no image
   * @returns null while a view of them is not built
   */
  abstract since(time: string, accountId: string, imageId: string | undefined): Promise<number | null>;
}
