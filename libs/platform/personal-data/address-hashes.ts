import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { StartFailure } from '../start-failure.js';
import { decrypt, encrypt } from './aes-gcm.js';
import { formerSpellings, type Mailbox, mailboxText } from './mailbox.js';

const KEY_BYTES = 32;
const PLACE = 'address key';

/** Names a mailbox in the log without showing it. */
export class AddressHashes {
  /**
   * @param former the hash of earlier versions
   * @param mayHaveFormer false if the log was empty when the key was made: then no address was hashed by an earlier version
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

interface KeyRow {
  wrapped_key: Buffer;
  log_was_empty: boolean;
}

export interface AddressKeyOptions {
  masterKey: Buffer;
  /** The hash of earlier versions. */
  former: (text: string) => string;
  /** Whether the log is empty. */
  isLogEmpty(): Promise<boolean>;
  /** Whether an address was hashed with such a key already. */
  isUsed(): Promise<boolean>;
}

/**
 * Opens the key of the address hashes, and makes it at the first start. It is a random key of its own, so that another
 * master key can wrap it and every hash stays the same.
 * @throws StartFailure `address-key-missing` if the log has hashes of a key that the database lacks; `master-key-wrong`
 */
export async function openAddressHashes(dataSource: DataSource, options: AddressKeyOptions): Promise<AddressHashes> {
  const wrapping = Buffer.from(hkdfSync('sha256', options.masterKey, '', 'gatehouse address key v1', KEY_BYTES));
  const row = (await read(dataSource)) ?? (await make(dataSource, wrapping, options));
  try {
    return new AddressHashes(decrypt(wrapping, row.wrapped_key, PLACE), options.former, !row.log_was_empty);
  } catch (cause) {
    throw new StartFailure(
      'master-key-wrong',
      'the master key differs from the one that encrypted the address key: restore that one from your backup',
      { cause },
    );
  }
}

const read = async (dataSource: DataSource): Promise<KeyRow | undefined> =>
  (await dataSource.query('SELECT wrapped_key, log_was_empty FROM platform.address_key'))[0];

/** Of several processes the first insert wins. */
async function make(
  dataSource: DataSource,
  wrapping: Buffer,
  { isLogEmpty, isUsed }: AddressKeyOptions,
): Promise<KeyRow> {
  const wasEmpty = await isLogEmpty();
  if (!wasEmpty && (await isUsed()) && !(await read(dataSource))) {
    throw new StartFailure(
      'address-key-missing',
      'the log has addresses hashed with a key that this database lacks, so a known person would get a second account: restore platform.address_key from your backup',
    );
  }
  await dataSource.query(
    'INSERT INTO platform.address_key (wrapped_key, log_was_empty) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [encrypt(wrapping, randomBytes(KEY_BYTES), PLACE), wasEmpty],
  );
  return (await read(dataSource))!;
}
