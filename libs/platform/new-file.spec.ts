import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { newFile } from './new-file.js';

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
