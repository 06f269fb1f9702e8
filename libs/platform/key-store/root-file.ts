import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decrypt, encrypt } from '../aes-gcm.js';
import { StartFailure } from '../start-failure.js';
import { createFile } from './durable-file.js';
import type { RootKey, Wrapping } from './root-key.js';

export const KEY_BYTES = 32;
/** Buckets of people's keys. An erasure encrypts one of them anew. */
const BUCKETS = 4_096;
/** The bucket of the keys of periods of time. */
export const PERIODS = BUCKETS;
const ALL = BUCKETS + 1;
const NAMED = ['hashing', 'addresses', 'placing'] as const;
const FORMAT = 'gatehouse-root-v1';
/** The rotation of a new store. */
const FIRST = 'first';
const FILE = /^root-(\d+)$/;

/** Keys that no erasure destroys. */
export type NamedKeys = Record<(typeof NAMED)[number], Buffer>;

/** What all other keys of the store are encrypted with or derived from. */
export interface Root {
  storeId: string;
  /** One more after each erasure. */
  epoch: number;
  named: NamedKeys;
  buckets: BucketKey[];
  /** When the root key took the place of another one; undefined for a store of an earlier version. */
  rotation: Rotation | undefined;
}

export interface Rotation {
  id: string;
  /** RFC 3339. */
  at: string;
}

export interface BucketKey {
  key: Buffer;
  /** Of the file that the key encrypts; 0 without one: then all keys of the bucket are derived from the key. */
  generation: number;
}

export const newRoot = (storeId: string, given: Partial<NamedKeys>, at: string): Root => ({
  storeId,
  rotation: { id: FIRST, at },
  epoch: 1,
  named: Object.fromEntries(NAMED.map((name) => [name, given[name] ?? randomBytes(KEY_BYTES)])) as NamedKeys,
  buckets: Array.from({ length: ALL }, () => ({ key: randomBytes(KEY_BYTES), generation: 0 })),
});

const pathOf = (directory: string, epoch: number): string => join(directory, `root-${epoch}`);

/** The epochs of the root files, the newest first; none without a store. */
export async function storedEpochs(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const epochs = names.map(epochOf).filter((epoch) => !Number.isNaN(epoch));
  return epochs.sort((a, b) => b - a);
}

/** The epoch of a root file; NaN for a name of another file. */
export const epochOf = (name: string): number => Number(FILE.exec(name)?.[1] ?? Number.NaN);

/** The key of a new root file, and what the root key makes of it. */
export interface RootFileKey {
  key: Buffer;
  wrapped: Buffer;
}

export async function newRootFileKey(rootKey: Wrapping): Promise<RootFileKey> {
  const key = randomBytes(KEY_BYTES);
  return { key, wrapped: await rootKey.wrap(key) };
}

/**
 * Writes a root file under a new key.
 * @throws EEXIST if another process has written one of this epoch
 */
export async function writeRoot(directory: string, { key, wrapped }: RootFileKey, root: Root): Promise<void> {
  const { id, at } = root.rotation ?? {};
  const head = `${JSON.stringify([FORMAT, root.storeId, root.epoch, wrapped.toString('base64'), id, at])}\n`;
  const generations = Buffer.alloc(ALL * 4);
  root.buckets.forEach(({ generation }, bucket) => void generations.writeUInt32BE(generation, bucket * 4));
  const named = NAMED.map((name) => root.named[name]);
  const body = Buffer.concat([...named, ...root.buckets.map((bucket) => bucket.key), generations]);
  await createFile(pathOf(directory, root.epoch), Buffer.concat([Buffer.from(head), encrypt(key, body, head)]));
  key.fill(0);
  body.fill(0);
}

/** @throws ENOENT if it was replaced meanwhile; StartFailure master-key-wrong, key-store-damaged */
async function readRoot(directory: string, rootKey: RootKey, epoch: number): Promise<Root> {
  const path = pathOf(directory, epoch);
  const bytes = await readFile(path);
  const end = bytes.indexOf('\n') + 1;
  const head = bytes.subarray(0, end).toString();
  const [storeId, wrapped, rotation] = headOf(head, epoch) ?? damaged(path);
  const key = await rootKey.unwrap(wrapped).catch((cause) => {
    if (cause instanceof StartFailure) throw cause;
    throw new StartFailure(
      'master-key-wrong',
      `the master key differs from the one that encrypted ${path}: restore that one from your backup`,
      { cause },
    );
  });
  const body = openBody(key, bytes.subarray(end), head) ?? damaged(path);
  const slice = (index: number) => Buffer.from(body.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES));
  const generations = body.subarray((NAMED.length + ALL) * KEY_BYTES);
  return {
    storeId,
    epoch,
    rotation,
    named: Object.fromEntries(NAMED.map((name, index) => [name, slice(index)])) as NamedKeys,
    buckets: Array.from({ length: ALL }, (_, bucket) => ({
      key: slice(NAMED.length + bucket),
      generation: generations.readUInt32BE(bucket * 4),
    })),
  };
}

function headOf(head: string, epoch: number): [string, Buffer, Rotation | undefined] | undefined {
  try {
    const [format, storeId, stored, wrapped, id, at] = JSON.parse(head);
    if (format !== FORMAT || stored !== epoch) return undefined;
    return [storeId, Buffer.from(wrapped, 'base64'), id ? { id, at } : undefined];
  } catch {
    return undefined;
  }
}

function openBody(key: Buffer, encrypted: Buffer, head: string): Buffer | undefined {
  try {
    return decrypt(key, encrypted, head);
  } catch {
    return undefined;
  }
}

function damaged(path: string): never {
  throw new StartFailure(
    'key-store-damaged',
    `${path} is damaged, so no personal data can be decrypted: restore the newest copy of the key directory`,
  );
}

/** The newest root, which another process may replace while it is read. */
export async function readNewest(directory: string, rootKey: RootKey): Promise<Root | undefined> {
  for (;;) {
    const [epoch] = await storedEpochs(directory);
    if (epoch === undefined) return undefined;
    try {
      return await readRoot(directory, rootKey, epoch);
    } catch (error) {
      // Overwritten or removed while it was read, if there is a newer one.
      if ((await storedEpochs(directory))[0] === epoch) throw error;
    }
  }
}
