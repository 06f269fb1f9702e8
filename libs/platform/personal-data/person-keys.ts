import { createHmac, hash } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';
import { GatehouseError } from '../../kernel/errors.js';
import { decrypt, encrypt } from '../aes-gcm.js';
import { DAMAGED, FORGOTTEN, type Key } from '../key-store/bucket.js';
import type { Destruction, KeyStore } from '../key-store/key-store.js';
import { type DataClass, monthOf, periodOf, SLICES } from './data-class.js';
import { ERASED, fromEncryptedText, isEncrypted, monthIn, toEncryptedText, Unreadable } from './encrypted-text.js';

/** Whose a string is. It can't be decrypted any more once the key of any of them is destroyed. */
export interface Owners {
  person: string;
  /** Whom or what else it is about. */
  about?: string | undefined;
  /** What kind of data it is: all of a month can be destroyed together. */
  dataClass?: DataClass | undefined;
}

/** A string to encrypt, with its owners and its place as associated data, which decryption needs too. */
export interface Encryption extends Owners {
  plaintext: string;
  aad: string;
}

/** The stored keys of these people can't be decrypted, although the master key is right. */
export class PersonKeyDamaged extends GatehouseError {
  constructor(
    readonly people: ReadonlySet<string>,
    files: ReadonlySet<string>,
  ) {
    const named = [...people].slice(0, 3).join(', ');
    super(
      'person-key-damaged',
      `the stored key of ${named} is damaged: restore the newest copy of ${[...files].slice(0, 3).join(', ')}, then send this again or replay it`,
      'refused',
    );
  }
}

/**
 * Encrypts each person's data with that person's key: destroying the key erases the data. What is of a data class, or about
 * somebody else, is encrypted with a key of the keys of its person, of whom it is about, and of its class and month.
 */
export class PersonKeys {
  constructor(
    readonly store: KeyStore,
    private readonly clock: Clock,
  ) {}

  /** `sealed:…` and base64url of iv, tag and ciphertext; ERASED if a key that it needs is destroyed. */
  async encrypt(person: string, plaintext: string, aad: string): Promise<string> {
    return (await this.encryptMany([{ person, plaintext, aad }]))[0]!;
  }

  /** The same for many strings, in order. @throws PersonKeyDamaged; StoreUnavailable if the key store can't be read */
  async encryptMany(texts: readonly Encryption[]): Promise<string[]> {
    const month = monthOf(this.clock.now());
    const names = new Set<string>();
    for (const { person, about } of texts) {
      names.add(person);
      if (about !== undefined) names.add(about);
    }
    const keys = await this.store.keysOf(names);
    const damaged = [...keys].flatMap(([name, key]) => (key === DAMAGED ? [name] : []));
    if (damaged.length > 0) throw this.damaged(damaged, texts);
    const encrypted: string[] = [];
    for (const text of texts) {
      const textMonth = text.dataClass !== undefined || text.about !== undefined ? month : undefined;
      const key = await this.textKey(text, keys, textMonth);
      if (key === DAMAGED) throw this.damaged([text.person], texts);
      if (key === FORGOTTEN) encrypted.push(ERASED);
      else encrypted.push(toEncryptedText(encrypt(key, text.plaintext, text.aad), textMonth));
    }
    return encrypted;
  }

  /** @throws Unreadable if a key is destroyed, or the text was encrypted for others or another place */
  async decrypt(owners: string | Owners, encrypted: string, aad: string): Promise<string> {
    if (encrypted === ERASED) throw new Unreadable('the person was forgotten');
    if (!isEncrypted(encrypted)) throw new Unreadable('the text is not encrypted');
    const whose = typeof owners === 'string' ? { person: owners } : owners;
    const keys = await this.store.keysOf([whose.person, ...(whose.about === undefined ? [] : [whose.about])]);
    const key = await this.textKey(...neededFor(whose, keys, encrypted));
    if (key === FORGOTTEN) throw new Unreadable('the person was forgotten');
    if (key === DAMAGED) throw new Unreadable('the stored key of the person is damaged');
    try {
      return decrypt(key, fromEncryptedText(encrypted), aad).toString('utf8');
    } catch (cause) {
      throw new Unreadable('the text was not encrypted for this person and place, or it was altered', { cause });
    }
  }

  /** For each encrypted string whether it can be decrypted, without decrypting any. */
  async readable(texts: readonly (Owners & { encrypted: string })[]): Promise<boolean[]> {
    const names = texts.flatMap(({ person, about }) => (about === undefined ? [person] : [person, about]));
    const keys = await this.store.keysOf(new Set(names));
    const found: boolean[] = [];
    for (const { encrypted, ...owners } of texts) {
      const key = encrypted === ERASED ? FORGOTTEN : await this.textKey(...neededFor(owners, keys, encrypted));
      found.push(key !== FORGOTTEN && key !== DAMAGED);
    }
    return found;
  }

  /** Whether the key of this person is destroyed. */
  async isForgotten(person: string): Promise<boolean> {
    return (await this.store.keyOf(person)) === FORGOTTEN;
  }

  /**
   * Destroys keys: what they encrypted can't be decrypted any more, and new data of these people is not kept. Other processes
   * notice within a minute.
   * @returns the epoch of the key store without the keys
   */
  destroy(destruction: Destruction): Promise<number> {
    return this.store.destroy(destruction);
  }

  /** Keyed hash in hex, to find equal strings without storing them. One key for all people, which no erasure changes. */
  keyedHash(text: string): string {
    return createHmac('sha256', this.store.named.hashing).update(text).digest('hex');
  }

  private async textKey(owners: Owners, keys: ReadonlyMap<string, Key>, month: string | undefined): Promise<Key> {
    const parts: Key[] = [keys.get(owners.person)!];
    if (owners.about !== undefined) parts.push(keys.get(owners.about)!);
    if (month === undefined && parts.length === 1) return parts[0]!;
    if (month !== undefined && owners.dataClass !== undefined) {
      // By what it is about, so that what is held of somebody is in few slices.
      const slice = this.store.sliceOf(owners.about ?? owners.person, SLICES);
      parts.push(await this.store.periodKey(periodOf(owners.dataClass, month, slice)));
    }
    const missing = parts.find((part) => part === FORGOTTEN) ?? parts.find((part) => part === DAMAGED);
    if (missing) return missing;
    return hash('sha256', Buffer.concat([Buffer.of(parts.length), ...(parts as Buffer[])]), 'buffer');
  }

  private damaged(names: readonly string[], texts: readonly Encryption[]): PersonKeyDamaged {
    const isDamaged = new Set(names);
    const hurt = texts.filter(
      ({ person, about }) => isDamaged.has(person) || (about !== undefined && isDamaged.has(about)),
    );
    return new PersonKeyDamaged(
      new Set(hurt.map(({ person }) => person)),
      new Set(names.map((name) => this.store.fileFor(name))),
    );
  }
}

/** What has no month was encrypted for its person alone. */
function neededFor(owners: Owners, keys: ReadonlyMap<string, Key>, encrypted: string) {
  const month = monthIn(encrypted);
  return [month === undefined ? { person: owners.person } : owners, keys, month] as const;
}
