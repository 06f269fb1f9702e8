import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decrypt, encrypt } from '../aes-gcm.js';
import { createFile } from './durable-file.js';
import { PuncturableTree, type Subtree } from './puncturable-tree.js';
import { type BucketKey, KEY_BYTES, PERIODS } from './root-file.js';

/** The rest of a place, after its bucket: 52 bits. */
const PEOPLE_DEPTH = 26;
/** A class of data, a month and a slice of the people: 24 bits. */
const PERIODS_DEPTH = 12;
const ENTRY_BYTES = 8 + KEY_BYTES;

export const FORGOTTEN = 'forgotten';
export const DAMAGED = 'damaged';
export type Key = Buffer | typeof FORGOTTEN | typeof DAMAGED;

const depthOf = (bucket: number): number => (bucket === PERIODS ? PERIODS_DEPTH : PEOPLE_DEPTH);

export const bucketPath = (directory: string, bucket: number, generation: number): string =>
  join(directory, 'buckets', `${bucket}-${generation}`);

/** The keys of a bucket. */
export class Bucket {
  /** @param moved keys that an earlier version made at random, by their places; DAMAGED ones can't be decrypted */
  constructor(
    private readonly number: number,
    private readonly tree: PuncturableTree,
    private readonly moved = new Map<number, Buffer | typeof DAMAGED>(),
  ) {}

  keyAt(place: number): Key {
    return this.moved.get(place) ?? this.tree.keyAt(place) ?? FORGOTTEN;
  }

  destroy(subtree: Subtree): boolean {
    const hadMoved = subtree.depth === depthOf(this.number) && this.moved.delete(subtree.prefix);
    return this.tree.puncture(subtree) || hadMoved;
  }

  destroyPlace(place: number): boolean {
    return this.destroy({ depth: depthOf(this.number), prefix: place });
  }

  /** Keeps a key that an earlier version made, unless its person was erased. @returns whether that changed anything */
  move(place: number, key: Buffer | typeof DAMAGED): boolean {
    const known = this.moved.get(place);
    const isKept = key === DAMAGED ? known === DAMAGED : known instanceof Buffer && known.equals(key);
    if (isKept || this.keyAt(place) === FORGOTTEN) return false;
    this.moved.set(place, key);
    return true;
  }

  /** Writes the bucket's file under a new key. @throws EEXIST if it has a file of that generation */
  async write(directory: string, { key, generation }: BucketKey, storeId: string): Promise<void> {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(this.moved.size);
    const entries = [...this.moved].map(([place, moved]) => {
      const entry = Buffer.alloc(ENTRY_BYTES);
      entry.writeBigUInt64BE(BigInt(place));
      if (moved !== DAMAGED) moved.copy(entry, 8);
      return entry;
    });
    const body = Buffer.concat([head, ...entries, this.tree.toBytes()]);
    const encrypted = encrypt(key, body, contextOf(storeId, this.number, generation));
    await createFile(bucketPath(directory, this.number, generation), encrypted);
  }

  /** @returns undefined if its file is damaged or missing */
  static async read(directory: string, number: number, bucketKey: BucketKey, storeId: string) {
    const { key, generation } = bucketKey;
    if (generation === 0)
      return new Bucket(number, PuncturableTree.fromSeed(depthOf(number), hash('sha256', key, 'buffer')));
    try {
      const encrypted = await readFile(bucketPath(directory, number, generation));
      const body = decrypt(key, encrypted, contextOf(storeId, number, generation));
      const end = 4 + body.readUInt32BE() * ENTRY_BYTES;
      const moved = new Map<number, Buffer | typeof DAMAGED>();
      for (let at = 4; at < end; at += ENTRY_BYTES) {
        const one = Buffer.from(body.subarray(at + 8, at + ENTRY_BYTES));
        moved.set(Number(body.readBigUInt64BE(at)), one.every((byte) => byte === 0) ? DAMAGED : one);
      }
      return new Bucket(number, PuncturableTree.fromBytes(depthOf(number), body.subarray(end)), moved);
    } catch {
      return undefined;
    }
  }
}

/** The file can't replace that of another bucket or of another time. */
const contextOf = (storeId: string, bucket: number, generation: number) => `${storeId}:${bucket}:${generation}`;
