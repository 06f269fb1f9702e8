import { createHmac, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { type Clock, toIso } from '../../kernel/clock.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { makeDirectory } from '../database/make-directory.js';
import { Bucket, bucketPath, DAMAGED, FORGOTTEN, type Key } from './bucket.js';
import { syncDirectory } from './durable-file.js';
import type { Subtree } from './puncturable-tree.js';
import {
  type BucketKey,
  type NamedKeys,
  newRoot,
  newRootFileKey,
  PERIODS,
  type Root,
  type RootFileKey,
  readNewest,
  storedEpochs,
  writeRoot,
} from './root-file.js';
import type { RootKey, RootKeyKeeper } from './root-key.js';
import { sweep, writeBucket } from './store-files.js';

/** After this time a process looks whether another one has destroyed keys. */
const LOOK_AFTER_MS = 10_000;
/** After this time without a look it uses no key. */
export const MAX_AGE_MS = 60_000;
const MAX_KEYS = 50_000;
const MAX_BUCKETS = 256;
const BUCKET_BITS = 12;

interface Place {
  bucket: number;
  /** Below 2^52. */
  rest: number;
}

export interface KeyStoreParts {
  directory: string;
  rootKey: RootKey;
  clock: Clock;
  /** Runs the work while no other process changes the store. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** What is to be destroyed. */
export interface Destruction {
  names?: readonly string[];
  /** Of the tree of periods. */
  periods?: readonly Subtree[];
}

/**
 * Keys by name, such as the id of a person, in files that several processes share. A key is derived when it is asked for, so
 * that nothing is written for a new person. Destroying one writes its bucket without it under a new key, and a new root file
 * with that key; without the old root file no copy of the old bucket can be decrypted.
 */
export class KeyStore {
  private lookedAt: number;
  private readonly keys = new LRUCache<string, { bucket: number; key: Key }>({ max: MAX_KEYS });
  private readonly buckets = new LRUCache<number, Bucket>({ max: MAX_BUCKETS });
  private readonly periods = new Map<number, Key>();
  private looking: Promise<void> | undefined;

  private constructor(
    private readonly parts: KeyStoreParts,
    private root: Root,
  ) {
    this.lookedAt = parts.clock.now();
  }

  /** @returns undefined without a store in the directory. @throws StartFailure master-key-wrong, key-store-damaged */
  static async open(parts: KeyStoreParts): Promise<KeyStore | undefined> {
    const root = await readNewest(parts.directory, parts.rootKey);
    if (!root) return undefined;
    await settleRootKey(parts);
    return new KeyStore(parts, root);
  }

  /** @param named keys that an earlier version has */
  static async create(parts: KeyStoreParts, named: Partial<NamedKeys> = {}): Promise<KeyStore> {
    await makeDirectory(parts.directory);
    await mkdir(join(parts.directory, 'buckets'), { recursive: true, mode: 0o700 });
    const root = newRoot(randomBytes(8).toString('hex'), named, toIso(parts.clock.now()));
    await writeRoot(parts.directory, await newRootFileKey(parts.rootKey), root);
    return new KeyStore(parts, root);
  }

  get id(): string {
    return this.root.storeId;
  }

  get directory(): string {
    return this.parts.directory;
  }

  /** One more after each destruction, of which this process has seen the latest. */
  get epoch(): number {
    return this.root.epoch;
  }

  get named(): NamedKeys {
    return this.root.named;
  }

  /** What keeps the root key, and since when it is this one; undefined for a store of an earlier version. */
  get rootKey(): { keeper: RootKeyKeeper; since: string | undefined } {
    return { keeper: this.parts.rootKey.keeper, since: this.root.rotation?.at };
  }

  /** @throws StoreUnavailable if the directory could not be read for a minute */
  async keysOf(names: Iterable<string>): Promise<Map<string, Key>> {
    if (!this.isFresh()) await this.look();
    const found = new Map<string, Key>();
    for (const name of names) {
      const known = this.keys.get(name);
      found.set(name, known ? known.key : await this.derive(name));
    }
    return found;
  }

  async keyOf(name: string): Promise<Key> {
    return (await this.keysOf([name])).get(name)!;
  }

  /** The key of a place in the tree of periods. */
  async periodKey(place: number): Promise<Key> {
    if (!this.isFresh()) await this.look();
    const known = this.periods.get(place);
    if (known) return known;
    const { epoch } = this;
    const bucket = await this.bucket(PERIODS);
    if (!bucket) return DAMAGED;
    const key = bucket.keyAt(place);
    // One of before an erasure is not kept in memory.
    if (epoch === this.epoch) this.periods.set(place, key);
    return key;
  }

  /** A number that is the same for a name in each process: which of so many slices it is in. */
  sliceOf(name: string, slices: number): number {
    return (this.keys.get(name)?.bucket ?? this.placeOf(name).bucket) % slices;
  }

  /** Destroys keys, in this process and on the disk. Repeating it changes nothing. @returns the epoch without them */
  destroy({ names = [], periods = [] }: Destruction): Promise<number> {
    const byBucket = new Map<number, ((bucket: Bucket) => boolean)[]>();
    const add = (number: number, change: (bucket: Bucket) => boolean) =>
      byBucket.set(number, [...(byBucket.get(number) ?? []), change]);
    for (const name of names) {
      const { bucket, rest } = this.placeOf(name);
      add(bucket, (one) => one.destroyPlace(rest));
    }
    for (const subtree of periods) add(PERIODS, (one) => one.destroy(subtree));
    return this.change(byBucket);
  }

  /** Keeps keys that an earlier version made, or marks those that can't be decrypted; destroys those of the forgotten. */
  move(keys: ReadonlyMap<string, Key>): Promise<number> {
    const byBucket = new Map<number, ((bucket: Bucket) => boolean)[]>();
    for (const [name, key] of keys) {
      const { bucket, rest } = this.placeOf(name);
      const change = (one: Bucket) => {
        if (key === FORGOTTEN) return one.destroyPlace(rest);
        return one.move(rest, key);
      };
      const changes = byBucket.get(bucket);
      if (changes) changes.push(change);
      else byBucket.set(bucket, [change]);
    }
    return this.change(byBucket);
  }

  /**
   * Replaces the root key, and what encrypts the root file and the buckets: the former one decrypts nothing in the directory
   * any more. Every key stays. A repeat with the same id ends what a process left, and changes nothing else. A damaged bucket
   * is left as it is, for the copy that is to be restored.
   * @returns the epoch
   * @throws Refusal root-key-fixed
   */
  rotate(id: string): Promise<number> {
    const { exclusively, rootKey, clock } = this.parts;
    return exclusively(async () => {
      await this.refresh();
      const { root } = this;
      if (root.rotation?.id !== id) {
        const fileKey = await newRootFileKey(await rootKey.next());
        const buckets = [...root.buckets];
        for (const [number, { generation }] of buckets.entries()) {
          // Without a file, the key of the bucket is in the root only.
          const bucket = generation > 0 && (await this.readBucket(number, root));
          if (bucket) buckets[number] = await this.writeBucket(bucket, generation);
        }
        await this.replaceRoot(root, fileKey, buckets, { id, at: toIso(clock.now()) });
      }
      // What is on the disk is read once with the keys that are there, before the former ones are destroyed.
      await readNewest(this.directory, rootKey);
      await settleRootKey(this.parts);
      await sweep(this.directory, this.root);
      return this.epoch;
    });
  }

  /**
   * Sees what other processes have destroyed, and drops it from memory.
   * @throws if the directory can't be read, or has an older store than was seen, or another one
   */
  async refresh(): Promise<void> {
    const { directory, clock } = this.parts;
    // What is destroyed while it looks is seen by the next look.
    const startedAt = clock.now();
    const [newest] = await storedEpochs(directory);
    if (newest === undefined) throw new StoreUnavailable(`there is no key store in ${directory} any more`);
    if (newest !== this.root.epoch) {
      const root = await readNewest(directory, this.parts.rootKey);
      if (root && root.storeId !== this.id)
        throw new StoreUnavailable(
          `the key store in ${directory} is ${root.storeId} now, and was ${this.id}: put the directory of that store back`,
        );
      if (root && root.epoch > this.root.epoch) await this.follow(root);
      else if (newest < this.root.epoch && (!root || root.epoch < this.root.epoch))
        throw new StoreUnavailable(
          `the key store in ${directory} is of epoch ${newest}, and was of epoch ${this.epoch}: put its newest copy in its place`,
        );
    }
    this.lookedAt = startedAt;
  }

  private async follow(root: Root): Promise<void> {
    const isRotated = root.rotation?.id !== this.root.rotation?.id;
    this.use(root);
    if (isRotated) await settleRootKey(this.parts);
  }

  private isFresh(limitMs = LOOK_AFTER_MS): boolean {
    const age = this.parts.clock.now() - this.lookedAt;
    return age >= 0 && age < limitMs;
  }

  private async look(): Promise<void> {
    this.looking ??= this.refresh().finally(() => {
      this.looking = undefined;
    });
    try {
      await this.looking;
    } catch (error) {
      if (this.isFresh(MAX_AGE_MS)) return;
      throw new StoreUnavailable(
        `the key store in ${this.parts.directory} could not be read for ${MAX_AGE_MS} ms (${(error as Error).message}): make the directory readable, then retry`,
      );
    }
  }

  private async derive(name: string): Promise<Key> {
    const { bucket, rest } = this.placeOf(name);
    const epoch = this.epoch;
    const key = (await this.bucket(bucket))?.keyAt(rest) ?? DAMAGED;
    // A damaged key is not kept in memory, so that a file that was restored is used at once; nor is one of before an erasure.
    if (key !== DAMAGED && epoch === this.epoch) this.keys.set(name, { bucket, key });
    return key;
  }

  private async bucket(number: number): Promise<Bucket | undefined> {
    const known = this.buckets.get(number);
    if (known) return known;
    const { epoch } = this;
    const read = await this.readBucket(number);
    if (!read) {
      await this.refresh();
      if (this.epoch !== epoch) return this.bucket(number);
    } else if (this.epoch === epoch) this.buckets.set(number, read);
    return read;
  }

  private readBucket = (number: number, { buckets } = this.root): Promise<Bucket | undefined> =>
    Bucket.read(this.directory, number, buckets[number]!, this.id);

  private writeBucket = (bucket: Bucket, before: number): Promise<BucketKey> =>
    writeBucket(this.directory, bucket, before + 1, this.id);

  private change(byBucket: ReadonlyMap<number, readonly ((bucket: Bucket) => boolean)[]>): Promise<number> {
    return this.parts.exclusively(async () => {
      await this.refresh();
      // The next root follows from just this one: a look meanwhile may find a newer one, if the lock was lost.
      const { root } = this;
      const changed = new Map<number, Bucket>();
      for (const [number, changes] of byBucket) {
        const bucket = await this.readBucket(number, root);
        if (!bucket) throw new StoreUnavailable(`${this.fileOf(number)} is damaged: restore the newest copy of it`);
        if (changes.map((change) => change(bucket)).includes(true)) changed.set(number, bucket);
      }
      if (changed.size > 0) await this.replace(root, changed);
      await sweep(this.directory, this.root);
      return this.epoch;
    });
  }

  private async replace(before: Root, changed: ReadonlyMap<number, Bucket>): Promise<void> {
    // First: a program that fails for days leaves no files.
    const fileKey = await newRootFileKey(this.parts.rootKey);
    const buckets = [...before.buckets];
    for (const [number, bucket] of changed)
      buckets[number] = await this.writeBucket(bucket, buckets[number]!.generation);
    await this.replaceRoot(before, fileKey, buckets);
  }

  private async replaceRoot(before: Root, fileKey: RootFileKey, buckets: BucketKey[], rotation = before.rotation) {
    const root = { ...before, epoch: before.epoch + 1, buckets, rotation };
    await writeRoot(this.directory, fileKey, root);
    this.use(root);
  }

  /** Drops the keys of the buckets that changed. */
  private use(root: Root): void {
    const before = this.root;
    this.root = root;
    const isChanged = (bucket: number) => before.buckets[bucket]!.generation !== root.buckets[bucket]!.generation;
    // Not overwritten: another call may be encrypting with the key of somebody else of the bucket.
    for (const [name, { bucket }] of [...this.keys.entries()]) if (isChanged(bucket)) this.keys.delete(name);
    for (const number of [...this.buckets.keys()]) if (isChanged(number)) this.buckets.delete(number);
    if (isChanged(PERIODS)) this.periods.clear();
    before.buckets.forEach(({ key }, bucket) => {
      if (isChanged(bucket)) key.fill(0);
    });
  }

  /** By a keyed hash, so that nobody chooses a name that shares the place of another. */
  private placeOf(name: string): Place {
    const bytes = createHmac('sha256', this.root.named.placing).update(name).digest();
    const high = bytes.readUInt32BE(0);
    const bucket = high >>> (32 - BUCKET_BITS);
    return { bucket, rest: (high % 2 ** (32 - BUCKET_BITS)) * 2 ** 32 + bytes.readUInt32BE(4) };
  }

  /** Where the keys of a bucket are stored. */
  fileOf = (number: number): string => bucketPath(this.directory, number, this.root.buckets[number]!.generation);

  /** Where the key of a name is stored, for messages. */
  fileFor = (name: string): string => this.fileOf(this.placeOf(name).bucket);
}

/** The root has to be on the disk, also for a process that only reads it, before the key of the former one is destroyed. */
async function settleRootKey({ directory, rootKey }: KeyStoreParts): Promise<void> {
  await syncDirectory(directory);
  await rootKey.settle();
}
