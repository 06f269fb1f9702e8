import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { jsonOf, textOf } from './json-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-json-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('reads a file, and says what is wrong with one', async () => {
  const path = join(folder, 'file');
  await writeFile(path, '[1]');
  expect(await jsonOf('<file>', path, 'an array')).toEqual([1]);
  await writeFile(path, '[1');
  await expect(jsonOf('<file>', path, 'an array')).rejects.toMatchObject({ errors: [{ field: '<file>' }] });
  await expect(textOf('<file>', join(folder, 'none'))).rejects.toThrow('ENOENT');
  await expect(textOf('<file>', folder)).rejects.toThrow('EISDIR');
});

it('refuses a file that has more than 64 MiB, which it does not read to its end', async () => {
  const path = join(folder, 'large');
  const file = await open(path, 'w');
  await file.truncate(2 ** 40);
  await file.close();
  await expect(textOf('<file>', path)).rejects.toThrow('more than 64 MiB');
});
