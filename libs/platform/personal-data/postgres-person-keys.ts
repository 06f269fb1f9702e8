import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { arrayParameter } from '../database/array-parameters.js';
import { StartFailure } from '../database/start-failure.js';
import { decrypt, encrypt } from './aes-gcm.js';
import {
  type Encryption,
  ERASED,
  fromEncryptedText,
  isEncrypted,
  type PersonKeys,
  toEncryptedText,
  Unreadable,
} from './person-keys.js';

const KEY_BYTES = 32;
const CACHED_KEYS = 50_000;

/** null: forgotten. */
type Key = Buffer | null;

interface Row {
  person: string;
  wrapped_key: Buffer | null;
}

/** Keys in the table platform.subject_keys, each wrapped by the master key with the person as associated data. */
export class PostgresPersonKeys implements PersonKeys {
  private readonly wrapping: Buffer;
  private readonly hashing: Buffer;
  /** In order of last use. */
  private readonly keys = new Map<string, Key>();

  constructor(
    private readonly dataSource: DataSource,
    masterKey: Buffer,
  ) {
    const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', masterKey, '', purpose, KEY_BYTES));
    this.wrapping = derive('gatehouse subject keys v1');
    this.hashing = derive('gatehouse keyed hash v1');
  }

  /** @throws StartFailure `master-key-wrong` when the stored keys were wrapped by another master key */
  async checkMasterKey(): Promise<void> {
    const [row]: Row[] = await this.dataSource.query(
      'SELECT person, wrapped_key FROM platform.subject_keys WHERE NOT forgotten LIMIT 1',
    );
    if (!row) return;
    try {
      this.unwrap(row);
    } catch (cause) {
      throw new StartFailure(
        'master-key-wrong',
        'the master key is not the one this data was encrypted with: restore the former one from your backup',
        { cause },
      );
    }
  }

  async encrypt(person: string, plaintext: string, aad: string): Promise<string> {
    return (await this.encryptMany([{ person, plaintext, aad }]))[0]!;
  }

  async encryptMany(sealings: readonly Encryption[]): Promise<string[]> {
    const held = new Map<string, Key>();
    const unknown = new Set<string>();
    for (const { person } of sealings) {
      if (held.has(person) || unknown.has(person)) continue;
      const key = this.cached(person);
      if (key === undefined) unknown.add(person);
      else held.set(person, key);
    }
    if (unknown.size > 0) for (const [person, key] of await this.load([...unknown], true)) held.set(person, key);
    return sealings.map(({ person, plaintext, aad }) => sealWith(held.get(person)!, plaintext, aad));
  }

  async decrypt(person: string, sealed: string, aad: string): Promise<string> {
    if (sealed === ERASED || !isEncrypted(sealed))
      throw new Unreadable(sealed === ERASED ? 'the person was forgotten' : 'the text is not sealed');
    let key = this.cached(person);
    if (key === undefined) key = (await this.load([person], false)).get(person);
    if (!key) throw new Unreadable(key === null ? 'the person was forgotten' : 'the person is unknown');
    try {
      return decrypt(key, fromEncryptedText(sealed), aad).toString('utf8');
    } catch (cause) {
      throw new Unreadable('the text was not sealed for this person and place, or it was altered', { cause });
    }
  }

  async forget(person: string): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO platform.subject_keys (person, wrapped_key, forgotten) VALUES ($1, NULL, true)
       ON CONFLICT (person) DO UPDATE SET wrapped_key = NULL, forgotten = true`,
      [person],
    );
    this.hold(person, null);
  }

  keyedHash(text: string): string {
    return createHmac('sha256', this.hashing).update(text).digest('hex');
  }

  /** Keys from the table, made where `make` says so. The insert lets the first of several processes win. */
  private async load(people: readonly string[], make: boolean): Promise<Map<string, Key>> {
    const found = new Map<string, Key>();
    const take = (rows: Row[]) => {
      for (const row of rows) {
        // Forgotten while the query ran: what it saw is out of date.
        const key = this.keys.get(row.person) === null ? null : this.unwrap(row);
        found.set(row.person, key);
        this.hold(row.person, key);
      }
    };
    if (make) {
      const wrapped = people.map((person) => encrypt(this.wrapping, randomBytes(KEY_BYTES), person));
      take(
        await this.dataSource.query(
          `WITH made AS (
             INSERT INTO platform.subject_keys (person, wrapped_key) SELECT * FROM unnest($1::text[], $2::bytea[]) ORDER BY 1
             ON CONFLICT DO NOTHING RETURNING person, wrapped_key
           )
           SELECT * FROM made UNION ALL SELECT person, wrapped_key FROM platform.subject_keys WHERE person = ANY($1::text[])`,
          [arrayParameter('text', people), arrayParameter('bytea', wrapped)],
        ),
      );
    }
    // What another process made meanwhile is not in the snapshot of the statement above.
    const missing = people.filter((person) => !found.has(person));
    if (missing.length > 0) {
      const select = 'SELECT person, wrapped_key FROM platform.subject_keys WHERE person = ANY($1::text[])';
      take(await this.dataSource.query(select, [arrayParameter('text', missing)]));
    }
    return found;
  }

  private unwrap({ person, wrapped_key }: Row): Key {
    return wrapped_key && decrypt(this.wrapping, wrapped_key, person);
  }

  private cached(person: string): Key | undefined {
    const key = this.keys.get(person);
    if (key === undefined) return undefined;
    this.keys.delete(person);
    this.keys.set(person, key);
    return key;
  }

  private hold(person: string, key: Key): void {
    this.keys.delete(person);
    this.keys.set(person, key);
    if (this.keys.size > CACHED_KEYS) this.keys.delete(this.keys.keys().next().value!);
  }
}

const sealWith = (key: Key, plaintext: string, aad: string): string =>
  key ? toEncryptedText(encrypt(key, plaintext, aad)) : ERASED;
