import { chmod, chown, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  contentOf,
  FORMER,
  keyFileIn,
  keyStoreInFolder,
  killAfterEach,
  NAMES,
  now,
  openIn,
  openWithFormerIn,
} from '../../../test/support/rotated-key-store.js';
import { readKeyFile } from '../key-file.js';
import { KeyStore } from './key-store.js';
import { nextOf, RootKeyFile } from './root-key-file.js';

const NOBODY = 65_534;

let folder: string;
let store: KeyStore;
let keys: Map<string, unknown>;

const keyFile = (at = folder) => keyFileIn(at);

const openWithFormer = (at = folder) => openWithFormerIn(at);

beforeEach(async () => {
  ({ folder, store, keys } = await keyStoreInFolder());
});
afterEach(() => rm(folder, { recursive: true }));

describe('a rotation of a root key in a file', () => {
  it('keeps every key, and leaves nothing that the former root key decrypts', async () => {
    const before = await contentOf(folder);
    now.ms += 1_000;
    expect(await store.rotate('rotation-1')).toBe(4);
    expect(store.rootKey).toEqual({ keeper: 'file', since: '2022-05-18T00:00:01.000Z' });
    expect(await (await openIn(folder)).keysOf(NAMES)).toEqual(keys);
    await expect(openWithFormer()).rejects.toMatchObject({ code: 'master-key-wrong' });
    const after = await contentOf(folder);
    // One root, two buckets with new names, and the master key.
    expect(after.size).toBe(4);
    const left = [...after].filter(([name]) => before.has(name)).map(([name]) => name);
    expect(left).toEqual(['/master.key']);
    expect(after.get('/master.key')).not.toEqual(before.get('/master.key'));
  });

  it('changes nothing if it is repeated', async () => {
    await store.rotate('rotation-1');
    const once = await contentOf(folder);
    expect(await store.rotate('rotation-1')).toBe(4);
    expect(await contentOf(folder)).toEqual(once);
  });

  // Killed after each operation in root-key-file.long.spec.ts.
  it('can be killed: every key stays, and who ends it leaves nothing of the former root', async () => {
    expect(await killAfterEach(8, folder, keys)).toBeGreaterThan(40);
  });

  it('is followed by a process that knows the former root key only, which then encrypts with the new one', async () => {
    const other = await openIn(folder);
    await store.rotate('rotation-1');
    now.ms += 10_000;
    expect(await other.keysOf(NAMES)).toEqual(keys);
    await other.destroy({ names: ['ben'] });
    expect(await (await openIn(folder)).keyOf('ben')).toBe('forgotten');
    await expect(openWithFormer()).rejects.toMatchObject({ code: 'master-key-wrong' });
  });

  it('leaves a damaged bucket as it is, for the copy that is to be restored', async () => {
    const path = store.fileFor('gone');
    const good = await readFile(path);
    await writeFile(path, 'damaged');
    await store.rotate('rotation-1');
    expect(store.fileFor('gone')).toBe(path);
    await writeFile(path, good);
    expect(await (await openIn(folder)).keysOf(NAMES)).toEqual(keys);
  });

  it('uses a key that somebody has put beside the file, but not the one that is in use', async () => {
    await writeFile(nextOf(keyFile()), FORMER.toString('base64'), { mode: 0o600 });
    await expect(store.rotate('rotation-1')).rejects.toThrow('that is in use');
    await rm(nextOf(keyFile()));
    await writeFile(nextOf(keyFile()), Buffer.alloc(32, 8).toString('base64'), { mode: 0o600 });
    await store.rotate('rotation-1');
    expect(await readKeyFile(keyFile(), 'master')).toEqual(Buffer.alloc(32, 8));
  });

  it('leaves the files of a directory that this process may not write, in which both keys go on being found', async () => {
    const mounted = join(folder, 'mounted');
    await mkdir(mounted);
    await cp(keyFile(), keyFile(mounted));
    const parts = { directory: join(folder, 'keys'), clock: { now: () => now.ms } };
    const rootKey = new RootKeyFile(keyFile(mounted), FORMER);
    const reader = (await KeyStore.open({ ...parts, rootKey, exclusively: (work) => work() }))!;
    await chmod(mounted, 0o500);
    await asUser(() => expect(reader.rotate('rotation-1')).rejects.toThrow("can't be written"));
    await chmod(mounted, 0o700);
    await writeFile(nextOf(keyFile(mounted)), Buffer.alloc(32, 8).toString('base64'), { mode: 0o600 });
    await chmod(mounted, 0o500);
    await asUser(async () => {
      const before = await contentOf(mounted);
      await reader.rotate('rotation-1');
      expect(await contentOf(mounted)).toEqual(before);
      const again = new RootKeyFile(keyFile(mounted), (await readKeyFile(keyFile(mounted), 'master'))!);
      const opened = await KeyStore.open({ ...parts, rootKey: again, exclusively: (work) => work() });
      expect(await opened!.keysOf(NAMES)).toEqual(keys);
    });
    await chmod(mounted, 0o700);
  });
});

/** As a user who owns the folder of the spec: nothing is refused to root. */
async function asUser(work: () => Promise<unknown>): Promise<void> {
  if (process.geteuid?.() !== 0) return void (await work());
  const files = await readdir(folder, { recursive: true });
  for (const path of ['', ...files]) await chown(join(folder, path), NOBODY, NOBODY);
  process.seteuid!(NOBODY);
  try {
    await work();
  } finally {
    process.seteuid!(0);
  }
}
