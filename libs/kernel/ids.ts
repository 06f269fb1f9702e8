import { createHash, randomFillSync } from 'node:crypto';
import type { Clock } from './clock.js';

/** The only source of new ids. Injected, so that a test can repeat them. */
export interface Ids {
  /** A UUIDv7 (RFC 9562): ordered by creation time, which keeps index writes sequential. */
  next(): string;
}

const POOL_BYTES = 4096;
const RANDOM_BYTES_PER_ID = 10;

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
      return stamp(bytes, 7);
    },
  };
}

/**
 * UUIDv5 (RFC 9562): the same name always yields the same id.
 * @param namespace a UUID
 */
export function nameBasedId(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  return stamp(hash.subarray(0, 16), 5);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => text.length === 36 && UUID.test(text);

function stamp(bytes: Buffer, version: number): string {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
