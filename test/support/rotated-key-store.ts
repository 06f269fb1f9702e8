import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { readKeyFile } from '../../libs/platform/key-file.js';
import { KeyStore } from '../../libs/platform/key-store/key-store.js';
import { wrappingBy } from '../../libs/platform/key-store/root-key.js';
import { RootKeyFile } from '../../libs/platform/key-store/root-key-file.js';

const PROGRAM = fileURLToPath(new URL('rotate-until-killed.mjs', import.meta.url));
export const NAMES = ['ada', 'ben', 'cem', 'gone', 'left'];
export const FORMER = Buffer.alloc(32, 7);
export const now = { ms: Date.UTC(2022, 4, 18) };

export const keyFileIn = (folder: string) => join(folder, 'master.key');

/** The key store of a folder, beside the file of its root key. */
export async function openIn(folder: string): Promise<KeyStore> {
  const file = keyFileIn(folder);
  const rootKey = new RootKeyFile(file, (await readKeyFile(file, 'master'))!);
  const parts = { directory: join(folder, 'keys'), rootKey, clock: { now: () => now.ms } };
  const exclusively = <Result>(work: () => Promise<Result>) => work();
  return (await KeyStore.open({ ...parts, exclusively })) ?? KeyStore.create({ ...parts, exclusively });
}

export const openWithFormerIn = (folder: string) =>
  KeyStore.open({
    ...{ directory: join(folder, 'keys'), clock: { now: () => now.ms }, exclusively: (work) => work() },
    rootKey: { ...wrappingBy(FORMER), keeper: 'setting', next: async () => wrappingBy(FORMER), async settle() {} },
  });

/** The bytes of each file, by its path in the folder. */
export async function contentOf(folder: string): Promise<Map<string, Buffer>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  return new Map(
    await Promise.all(files.map(async (path) => [path.slice(folder.length), await readFile(path)] as const)),
  );
}

/** A store in a new folder, with keys in use, one destroyed and one moved there. */
export async function keyStoreInFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-root-'));
  await writeFile(keyFileIn(folder), `${FORMER.toString('base64')}\n`, { mode: 0o600 });
  const store = await openIn(folder);
  await store.destroy({ names: ['gone'] });
  await store.move(new Map([['left', Buffer.alloc(32, 9)]]));
  return { folder, store, keys: (await store.keysOf(NAMES)) as Map<string, unknown> };
}

/**
 * Kills a rotation after one operation on a file, then another after `step` more, and so on until one ends, and ends each.
 * @param keys those of the store
 * @returns the number of operations after which the last rotation would have been killed
 */
export async function killAfterEach(step: number, folder: string, keys: Map<string, unknown>): Promise<number> {
  const origin = join(folder, 'origin');
  await mkdir(origin);
  await cp(join(folder, 'keys'), join(origin, 'keys'), { recursive: true });
  await cp(keyFileIn(folder), keyFileIn(origin));
  for (let operations = 1; ; operations += step) {
    const at = join(folder, `killed-${operations}`);
    await cp(origin, at, { recursive: true });
    const args = [PROGRAM, join(at, 'keys'), keyFileIn(at), 'rotation-1', String(operations)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const [code, signal] = await once(child, 'exit');
    const isKilled = signal === 'SIGKILL';
    expect([operations, code]).toEqual([operations, isKilled ? null : 0]);

    const opened = await openIn(at);
    expect(await opened.keysOf(NAMES)).toEqual(keys);
    await opened.rotate('rotation-1');
    expect([operations, await (await openIn(at)).keysOf(NAMES)]).toEqual([operations, keys]);
    await expect(openWithFormerIn(at)).rejects.toMatchObject({ code: 'master-key-wrong' });
    const content = await contentOf(at);
    expect([...content].filter(([, bytes]) => bytes.includes(FORMER.toString('base64')))).toEqual([]);
    // Files of buckets that the killed process wrote under keys that nobody has are no concern.
    const names = [...content.keys()].filter((name) => !name.startsWith('/keys/buckets/'));
    expect(names.sort()).toEqual([expect.stringMatching(/^\/keys\/root-\d+$/), '/master.key']);
    await rm(at, { recursive: true });
    if (!isKilled) return operations;
  }
}
