import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bucket } from './bucket.js';
import { destroyFile, syncDirectory, TEMPORARY } from './durable-file.js';
import { type BucketKey, epochOf, KEY_BYTES, type Root } from './root-file.js';

const BUCKET_NAME = /^(\d+)-(\d+)$/;
const isTemporary = (name: string): boolean => name.includes(TEMPORARY);

/**
 * Writes a bucket under a new key and as a new file: never in place of another one, which a process that lost the lock may be
 * about to name in a root.
 */
export async function writeBucket(
  directory: string,
  bucket: Bucket,
  generation: number,
  storeId: string,
): Promise<BucketKey> {
  const next = { key: randomBytes(KEY_BYTES), generation };
  try {
    await bucket.write(directory, next, storeId);
    return next;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return writeBucket(directory, bucket, generation + 1, storeId);
  }
}

/**
 * Destroys what earlier roots and buckets have left, also if the process ended before it could. Nothing that is newer than this
 * root: if this process lost the lock, another one has written it.
 */
export async function sweep(directory: string, { epoch, buckets }: Root): Promise<void> {
  const isOlderRoot = (name: string) => epochOf(name) < epoch;
  await destroyIn(directory, (name) => isOlderRoot(name) || (name.startsWith('root-') && isTemporary(name)));
  await destroyIn(join(directory, 'buckets'), (name) => {
    const [, bucket, generation] = BUCKET_NAME.exec(name) ?? [];
    return isTemporary(name) || Number(generation) < (buckets[Number(bucket)]?.generation ?? 0);
  });
}

async function destroyIn(directory: string, isLeft: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(directory)) if (isLeft(name)) await destroyFile(join(directory, name));
  await syncDirectory(directory);
}
