import { execFileSync } from 'node:child_process';
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { withReport } from './report-file.js';

let directory: string;
let page: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-report-'));
  page = join(directory, 'page.html');
});
afterEach(() => rm(directory, { recursive: true }));

it('leaves what was there if the work fails, and nothing else', async () => {
  await writeFile(page, 'earlier');
  const failing = () => Promise.reject(new Error('no database'));
  await expect(withReport(page, failing, String)).rejects.toThrow('no database');
  expect(await readFile(page, 'utf8')).toBe('earlier');
  expect(await readdir(directory)).toEqual(['page.html']);
});

it('makes no file if the work fails', async () => {
  await expect(withReport(page, () => Promise.reject(new Error('no database')), String)).rejects.toThrow();
  expect(await readdir(directory)).toEqual([]);
});

it('replaces a link, and leaves what it names alone', async () => {
  const other = join(directory, 'other');
  await writeFile(other, 'mine');
  await symlink(other, page);
  expect(await withReport(page, async () => 7, String)).toBe(7);
  expect(await readFile(other, 'utf8')).toBe('mine');
  expect((await lstat(page)).isSymbolicLink()).toBe(false);
  expect(await readFile(page, 'utf8')).toBe('7');
});

it('says before the work that it can’t be written', async () => {
  let isWorking = false;
  const work = async () => {
    isWorking = true;
  };
  await expect(withReport(join(directory, 'no-folder', 'page'), work, String)).rejects.toMatchObject({
    errors: [{ field: '--report', message: expect.stringMatching(/can't be written \(ENOENT\)/) }],
  });
  expect(isWorking).toBe(false);
});

it('refuses a folder before the work, and leaves nothing in it', async () => {
  let isWorking = false;
  const work = async () => {
    isWorking = true;
  };
  await expect(withReport(directory, work, String)).rejects.toMatchObject({
    errors: [{ field: '--report', message: expect.stringMatching(/can't be written \(EISDIR\)/) }],
  });
  expect(isWorking).toBe(false);
  expect(await readdir(directory)).toEqual([]);
});

it('writes into a pipe, which stays one', async () => {
  execFileSync('mkfifo', [page]);
  const reading = readFile(page, 'utf8');
  expect(await withReport(page, async () => 7, String)).toBe(7);
  expect(await reading).toBe('7');
  expect((await lstat(page)).isFIFO()).toBe(true);
  expect(await readdir(directory)).toEqual(['page.html']);
});
