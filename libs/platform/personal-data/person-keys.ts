import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Any, type DataSource, type Repository } from 'typeorm';
import { GatehouseError } from '../../kernel/errors.js';
import { arrayParameter } from '../database/array-parameters.js';
import { StartFailure } from '../start-failure.js';
import { decrypt, encrypt } from './aes-gcm.js';
import { ERASED, fromEncryptedText, isEncrypted, toEncryptedText, Unreadable } from './encrypted-text.js';
import type { ErasureHolds } from './erasure-holds.js';
import { StoredPersonKey } from './stored-person-key.js';

const KEY_BYTES = 32;
const MAX_CACHED = 50_000;

const FORGOTTEN = 'forgotten';
const DAMAGED = 'damaged';
/** Maximum keys that are read to tell a wrong master key from a damaged key. */
const CHECKED_KEYS = 100;

type Key = Buffer | typeof FORGOTTEN;

/** As a statement returns it. */
interface KeyRow {
  person: string;
  wrapped_key: Buffer | null;
}

/** A string to encrypt, with its person and its place as associated data, which decryption needs too. */
export interface Encryption {
  person: string;
  plaintext: string;
  aad: string;
}

/** The stored keys of these people can't be unwrapped, although the master key is right. */
export class PersonKeyDamaged extends GatehouseError {
  constructor(readonly people: ReadonlySet<string>) {
    const named = [...people].slice(0, 3).join(', ');
    super(
      'person-key-damaged',
      `the stored key of ${named} is damaged: restore its row of platform.subject_keys from a backup, then send this again or replay it`,
      'refused',
    );
  }
}

/**
 * Encrypts each person's data with that person's key: destroying the key erases the data. Stores each key wrapped by the
 * master key, with the person as associated data.
 */
export class PersonKeys {
  private readonly stored: Repository<StoredPersonKey>;
  private readonly wrapping: Buffer;
  private readonly hashing: Buffer;
  private readonly keys = new LRUCache<string, Key>({ max: MAX_CACHED });

  constructor(dataSource: DataSource, masterKey: Buffer) {
    this.stored = dataSource.getRepository(StoredPersonKey);
    const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', masterKey, '', purpose, KEY_BYTES));
    this.wrapping = derive('gatehouse subject keys v1');
    this.hashing = derive('gatehouse keyed hash v1');
  }

  /** @throws StartFailure `master-key-wrong` if the stored keys were wrapped by another master key */
  async checkMasterKey(): Promise<void> {
    const rows = await this.stored.find({ where: { forgotten: false }, take: CHECKED_KEYS });
    if (rows.length === 0 || rows.some(({ person, wrappedKey }) => this.unwrap(person, wrappedKey) !== DAMAGED)) return;
    throw new StartFailure(
      'master-key-wrong',
      'the master key differs from the one that encrypted this data: restore that one from your backup',
    );
  }

  /** `sealed:v1:` and base64url of iv, tag and ciphertext; ERASED for a person who was forgotten. */
  async encrypt(person: string, plaintext: string, aad: string): Promise<string> {
    return (await this.encryptMany([{ person, plaintext, aad }]))[0]!;
  }

  /** The same for many strings, in order; all unknown people cost one query. @throws PersonKeyDamaged */
  async encryptMany(texts: readonly Encryption[]): Promise<string[]> {
    const held = new Map<string, Key | typeof DAMAGED>();
    const unknown = new Set<string>();
    for (const { person } of texts) {
      if (held.has(person) || unknown.has(person)) continue;
      const key = this.keys.get(person);
      if (key === undefined) unknown.add(person);
      else held.set(person, key);
    }
    if (unknown.size > 0) for (const [person, key] of await this.loadOrMake([...unknown])) held.set(person, key);
    const damaged = [...held].flatMap(([person, key]) => (key === DAMAGED ? [person] : []));
    if (damaged.length > 0) throw new PersonKeyDamaged(new Set(damaged));
    return texts.map(({ person, plaintext, aad }) => encryptWith(held.get(person) as Key, plaintext, aad));
  }

  /** @throws Unreadable if the person is forgotten or unknown, or the text was encrypted for another person or place */
  async decrypt(person: string, encrypted: string, aad: string): Promise<string> {
    if (encrypted === ERASED) throw new Unreadable('the person was forgotten');
    if (!isEncrypted(encrypted)) throw new Unreadable('the text is not encrypted');
    const key = this.keys.get(person) ?? (await this.load([person])).get(person);
    if (key === undefined) throw new Unreadable('the person is unknown');
    if (key === FORGOTTEN) throw new Unreadable('the person was forgotten');
    if (key === DAMAGED) throw new Unreadable('the stored key of the person is damaged');
    try {
      return decrypt(key, fromEncryptedText(encrypted), aad).toString('utf8');
    } catch (cause) {
      throw new Unreadable('the text was not encrypted for this person and place, or it was altered', { cause });
    }
  }

  /**
   * Destroys a person's key: their data can't be decrypted any more, and new data of theirs is not kept. A no-op for a person
   * who was forgotten.
   * @throws Refusal under-hold; NotCaughtUp if the holds can't be known in time
   */
  async forget(person: string, holds: ErasureHolds): Promise<void> {
    if (await this.stored.existsBy({ person, forgotten: true })) {
      this.keys.set(person, FORGOTTEN);
      return;
    }
    await holds.refuseHeld(person);
    await this.stored.upsert({ person, wrappedKey: null, forgotten: true }, ['person']);
    this.keys.set(person, FORGOTTEN);
  }

  /** Keyed hash in hex, to find equal strings (a normalised e-mail) without storing them. One key for all people. */
  keyedHash(text: string): string {
    return createHmac('sha256', this.hashing).update(text).digest('hex');
  }

  /** The keys of these people, created if missing. Of several processes the first insert wins. */
  private async loadOrMake(people: readonly string[]): Promise<Map<string, Key | typeof DAMAGED>> {
    const wrapped = people.map((person) => encrypt(this.wrapping, randomBytes(KEY_BYTES), person));
    const rows: KeyRow[] = await this.stored.query(
      `WITH made AS (
         INSERT INTO platform.subject_keys (person, wrapped_key) SELECT * FROM unnest($1::text[], $2::bytea[]) ORDER BY 1
         ON CONFLICT DO NOTHING RETURNING person, wrapped_key
       )
       SELECT * FROM made UNION ALL SELECT person, wrapped_key FROM platform.subject_keys WHERE person = ANY($1::text[])`,
      [arrayParameter('text', people), arrayParameter('bytea', wrapped)],
    );
    const found = new Map(rows.map((row) => [row.person, this.hold(row.person, row.wrapped_key)]));
    // The snapshot of the statement above lacks keys that another process created meanwhile.
    const missing = people.filter((person) => !found.has(person));
    if (missing.length > 0) for (const [person, key] of await this.load(missing)) found.set(person, key);
    return found;
  }

  /** The keys that exist. */
  private async load(people: readonly string[]): Promise<Map<string, Key | typeof DAMAGED>> {
    const rows = await this.stored.findBy({ person: Any(people) });
    return new Map(rows.map(({ person, wrappedKey }) => [person, this.hold(person, wrappedKey)]));
  }

  /** A damaged key is not kept in memory, so that one that was restored is used at once. */
  private hold(person: string, wrapped: Buffer | null): Key | typeof DAMAGED {
    // The person may have been forgotten while the statement ran.
    const key = this.keys.get(person) === FORGOTTEN ? FORGOTTEN : this.unwrap(person, wrapped);
    if (key !== DAMAGED) this.keys.set(person, key);
    return key;
  }

  private unwrap(person: string, wrapped: Buffer | null): Key | typeof DAMAGED {
    if (wrapped === null) return FORGOTTEN;
    try {
      return decrypt(this.wrapping, wrapped, person);
    } catch {
      return DAMAGED;
    }
  }
}

const encryptWith = (key: Key, plaintext: string, aad: string): string =>
  key === FORGOTTEN ? ERASED : toEncryptedText(encrypt(key, plaintext, aad));
