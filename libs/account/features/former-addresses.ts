import type { EventStore } from '../../event-store/event-store.js';
import { isUsable } from '../../kernel/decider.js';
import type { AddressHashes } from '../../platform/personal-data/address-hashes.js';
import { InvalidAddress, type Mailbox, mailboxOf } from '../../platform/personal-data/mailbox.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';
import { accountStream } from '../account-standing.js';
import { personStream } from '../person.js';
import { addressIn } from '../queries/address-book.js';

/** Addresses that an earlier version hashed, by other rules and another key. */
export class FormerAddresses {
  constructor(
    private readonly store: EventStore,
    private readonly hashes: AddressHashes,
    private readonly keys: PersonKeys,
  ) {}

  /** The accounts that an earlier version registered for a spelling of this mailbox, in that order. */
  async accountsOf(mailbox: Mailbox): Promise<string[]> {
    const streams = this.hashes.formerOf(mailbox).map((former) => `${personStream.category}-${former}`);
    const found = (await Promise.all(streams.map((stream) => this.store.readStream(stream, 0, 1)))).flat();
    return found
      .filter(isUsable)
      .sort((a, b) => a.position - b.position)
      .map(({ data }) => data.accountId as string);
  }

  /**
   * Whether the account's address is the mailbox with this hash. Reads the address itself; that of a person whose key was
   * destroyed can't be read and is nobody's.
   */
  async isOf(accountId: string, hash: string): Promise<boolean> {
    if (!this.hashes.mayHaveFormer) return false;
    const stream = `${accountStream.category}-${accountId}`;
    const { text: email } = await addressIn(this.keys, await this.store.readStream(stream));
    if (email === null) return false;
    try {
      return this.hashes.of(mailboxOf(email)) === hash;
    } catch (error) {
      if (error instanceof InvalidAddress) return false;
      throw error;
    }
  }
}
