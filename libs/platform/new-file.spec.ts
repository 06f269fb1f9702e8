import { chmod, link, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { newFile, ownFile } from './new-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-new-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('writes into no file that a link leads to, and lets nobody read who could read the one before', async () => {
  const victim = join(folder, 'victim');
  await writeFile(victim, 'mine');
  await symlink(victim, join(folder, 'linked'));
  await writeFile(join(folder, 'open'), 'before');
  await chmod(join(folder, 'open'), 0o666);
  for (const name of ['linked', 'open', 'new']) {
    const file = await newFile(join(folder, name), 0o600);
    await file.writeFile('content');
    await file.close();
    expect(await readFile(join(folder, name), 'utf8')).toBe('content');
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  }
  expect(await readFile(victim, 'utf8')).toBe('mine');
});

it('goes on only with a regular file of one name that nobody else can read', async () => {
  const at = (name: string) => join(folder, name);
  for (const name of ['own', 'victim', 'open']) await writeFile(at(name), name, { mode: 0o600 });
  await chmod(at('open'), 0o640);
  await symlink(at('own'), at('linked'));
  await link(at('victim'), at('second'));
  await mkdir(at('folder'));
  for (const name of ['linked', 'victim', 'second', 'open', 'folder', 'missing'])
    expect([name, await ownFile(at(name))]).toEqual([name, undefined]);
  const file = await ownFile(at('own'));
  expect(await file!.readFile('utf8')).toBe('own');
  await file!.close();
});
