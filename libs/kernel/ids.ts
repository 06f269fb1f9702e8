import { createHmac, hash, randomFillSync } from 'node:crypto';
import type { Clock } from './clock.js';

/** The only source of new ids. Injected, so that a test can repeat them. */
export interface Ids {
  /** A UUIDv7 (RFC 9562): ordered by creation time, which keeps index writes sequential. */
  next(): string;
}

/** The only source of other random texts. */
export interface Nonces {
  /** 16 random bytes, base64url. */
  next(): string;
}

const POOL_BYTES = 4096;
const RANDOM_BYTES_PER_ID = 10;
const NONCE_BYTES = 16;

/**
 * UUIDv7 from the clock and the operating system's random numbers; ids stay in order even if the clock is set back. The
 * package uuid takes four times as long per id, and refuses some senders' ids that `isUuid` accepts.
 */
export function timeOrderedIds(clock: Clock): Ids {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  let latest = 0;
  return {
    next() {
      if (used + RANDOM_BYTES_PER_ID > POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      const bytes = Buffer.alloc(16);
      latest = Math.max(latest, clock.now());
      bytes.writeUIntBE(latest, 0, 6);
      pool.copy(bytes, 6, used, used + RANDOM_BYTES_PER_ID);
      used += RANDOM_BYTES_PER_ID;
      return format(bytes.toString('hex'), 7);
    },
  };
}

/** Nonces from the operating system's random numbers. */
export function randomNonces(): Nonces {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return {
    next() {
      if (used === POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      used += NONCE_BYTES;
      return pool.toString('base64url', used - NONCE_BYTES, used);
    },
  };
}

/**
 * UUIDv5 (RFC 9562): the same name always yields the same id.
 * @param namespace a UUID
 */
export function nameBasedId(namespace: string, name: string): string {
  const bytes = Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name)]);
  return format(hash('sha1', bytes, 'hex'), 5);
}

const NAMESPACE_BYTES = 16;
/** The longest name that fits the shared bytes, in UTF-16 units. */
const LONGEST_NAME = 1_024;
const MAX_BYTES_PER_UNIT = 3;

/** The same for many names of one namespace, which are hashed in shared bytes. */
export function namedIds(namespace: string): (name: string) => string {
  const bytes = Buffer.alloc(NAMESPACE_BYTES + LONGEST_NAME * MAX_BYTES_PER_UNIT);
  bytes.write(namespace.replaceAll('-', ''), 'hex');
  return (name) => {
    if (name.length > LONGEST_NAME) return nameBasedId(namespace, name);
    const end = NAMESPACE_BYTES + bytes.write(name, NAMESPACE_BYTES);
    return format(hash('sha1', bytes.subarray(0, end), 'hex'), 5);
  };
}

/** UUIDv8 (RFC 9562): the same name always yields the same id, which nobody can compute without the key. */
export const keyedId = (key: Buffer, name: string): string =>
  format(createHmac('sha256', key).update(name).digest('hex'), 8);

/** The same texts always yield the same 43 characters, whatever their length. */
export const hashOf = (...texts: readonly string[]): string => hash('sha256', JSON.stringify(texts), 'base64url');

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => text.length === 36 && UUID.test(text);

/** @param hex at least 32 digits; those of the version and the variant are replaced */
function format(hex: string, version: number): string {
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
