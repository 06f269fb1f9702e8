import { createHmac } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { formerSpellings, type Mailbox, mailboxText } from './mailbox.js';

/** Names a mailbox in the log without showing it. */
export class AddressHashes {
  /**
   * @param key a key of its own, which neither an erasure nor another master key changes
   * @param former the hash of earlier versions
   * @param mayHaveFormer false if the log was empty at the first start: then no address was hashed by an earlier version
   */
  constructor(
    private readonly key: Buffer,
    private readonly former: (text: string) => string,
    readonly mayHaveFormer: boolean,
  ) {}

  of(mailbox: Mailbox): string {
    return createHmac('sha256', this.key).update(mailboxText(mailbox)).digest('hex');
  }

  /** What earlier versions may have stored for this mailbox. */
  formerOf(mailbox: Mailbox): string[] {
    return this.mayHaveFormer ? formerSpellings(mailbox).map(this.former) : [];
  }
}

export interface AddressHashOptions {
  key: Buffer;
  /** The hash of earlier versions. */
  former: (text: string) => string;
  /** Whether the log is empty. */
  isLogEmpty(): Promise<boolean>;
}

/** Notes at the first start whether an earlier version can have hashed addresses of this log. */
export async function openAddressHashes(
  dataSource: DataSource,
  { key, former, isLogEmpty }: AddressHashOptions,
): Promise<AddressHashes> {
  const wasEmpty = (await read(dataSource)) ?? (await note(dataSource, await isLogEmpty()));
  return new AddressHashes(key, former, !wasEmpty);
}

const read = async (dataSource: DataSource): Promise<boolean | undefined> =>
  (await dataSource.query('SELECT log_was_empty FROM platform.address_key'))[0]?.log_was_empty;

/** Of several processes the first insert wins. */
async function note(dataSource: DataSource, wasEmpty: boolean): Promise<boolean> {
  await dataSource.query('INSERT INTO platform.address_key (log_was_empty) VALUES ($1) ON CONFLICT DO NOTHING', [
    wasEmpty,
  ]);
  return (await read(dataSource))!;
}
