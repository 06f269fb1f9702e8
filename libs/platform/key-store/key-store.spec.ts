import { randomBytes } from 'node:crypto';
import { cp, link, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Key } from './bucket.js';
import { KeyStore, type KeyStoreParts, MAX_AGE_MS } from './key-store.js';
import { rootKeyFrom } from './root-key.js';

const now = { ms: Date.UTC(2022, 4, 18) };
let folder: string;
let directory: string;
let parts: KeyStoreParts;
let store: KeyStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-key-store-'));
  directory = join(folder, 'keys');
  parts = {
    ...{ directory, rootKey: rootKeyFrom(randomBytes(32)), clock: { now: () => now.ms } },
    exclusively: (work) => work(),
  };
  store = await KeyStore.create(parts);
});
afterEach(() => rm(folder, { recursive: true }));

const opened = async (others: Partial<KeyStoreParts> = {}) => (await KeyStore.open({ ...parts, ...others }))!;
const files = async () => (await readdir(directory, { recursive: true })).sort();

/** Names in one bucket. */
function neighbours(count: number): string[] {
  const found: string[] = [];
  for (let n = 0; found.length < count; n++)
    if (store.fileFor(`n${n}`) === store.fileFor(found[0] ?? `n${n}`)) found.push(`n${n}`);
  return found;
}

/** Another process works between the next look of a store and its own work. */
function afterLook(one: KeyStore, work: () => Promise<unknown>): void {
  const refresh = one.refresh.bind(one);
  one.refresh = async () => {
    await refresh();
    one.refresh = refresh;
    await work();
  };
}

describe('a key store', () => {
  it('keeps every key if a process ended before it removed the temporary name of a root', async () => {
    await store.destroy({ names: ['gone'] });
    const key = await store.keyOf('kept');
    await link(join(directory, 'root-2'), join(directory, 'root-2.new-left'));
    const next = await opened();
    await next.destroy({ names: ['gone'] });
    expect(await readdir(directory)).toEqual(['buckets', 'root-2']);
    expect(await (await opened()).keyOf('kept')).toEqual(key);
    await next.destroy({ names: ['other'] });
    expect(await (await opened()).keyOf('kept')).toEqual(key);
  });

  it('loses no key to a process that has lost the lock', async () => {
    const [one, two, kept] = neighbours(3);
    const key = await store.keyOf(kept!);
    const slow = await opened();
    afterLook(slow, () => store.destroy({ names: [two!] }));
    await expect(slow.destroy({ names: [one!] })).rejects.toMatchObject({ code: 'EEXIST' });
    const after = await opened();
    expect(await after.keyOf(kept!)).toEqual(key);
    expect(await after.keyOf(two!)).toBe('forgotten');
    await slow.destroy({ names: [one!] });
    const last = await opened();
    const keys = await last.keysOf([one!, two!, kept!]);
    expect([...keys.values()]).toEqual(['forgotten', 'forgotten', key]);
    expect(await files()).toHaveLength(3);
  });

  it('removes nothing that is newer than what a process has seen', async () => {
    const behind = await opened();
    afterLook(behind, () => store.destroy({ names: ['gone'] }));
    const key = await store.keyOf('kept');
    await behind.destroy({ names: [] });
    expect(await (await opened()).keyOf('kept')).toEqual(key);
    expect(await (await opened()).keyOf('gone')).toBe('forgotten');
  });

  it.each([
    [
      'an older copy of it',
      async () => cp(join(folder, 'copy'), directory, { recursive: true }),
      'of epoch 1, and was',
    ],
    [
      'another store',
      async () => {
        const other = await KeyStore.create({ ...parts, directory });
        await other.destroy({ names: ['a'] });
        await other.destroy({ names: ['b'] });
      },
      'put the directory of that store back',
    ],
  ])('is not used, and changes nothing, with %s in its place', async (_, replace, message) => {
    await cp(directory, join(folder, 'copy'), { recursive: true });
    await store.destroy({ names: ['gone'] });
    await rename(directory, join(folder, 'newest'));
    await replace();
    const before = await files();
    await expect(store.destroy({ names: ['next'] })).rejects.toThrow(message);
    expect(await files()).toEqual(before);
    now.ms += MAX_AGE_MS;
    await expect(store.keyOf('kept')).rejects.toThrow(message);
    await rm(directory, { recursive: true });
    await rename(join(folder, 'newest'), directory);
    expect(await store.keyOf('gone')).toBe('forgotten');
    expect(await store.keyOf('kept')).toBeInstanceOf(Buffer);
  });

  it('is written only for keys of an earlier version that it does not have', async () => {
    const keys = new Map<string, Key>([
      ['ada', randomBytes(32)],
      ['hurt', 'damaged'],
      ['gone', 'forgotten'],
    ]);
    expect(await store.move(keys)).toBe(2);
    expect(await (await opened()).move(keys)).toBe(2);
    expect(await (await opened()).move(new Map([['hurt', randomBytes(32)]]))).toBe(3);
  });
});
