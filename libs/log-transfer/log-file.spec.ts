import { chmod, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../kernel/envelope.js';
import { InvalidInput } from '../kernel/errors.js';
import type { LogSummary } from './log-digest.js';
import { checkLogFile, LogFileWriter } from './log-file.js';

const recorded = (n: number): RecordedEvent => ({
  stream: `account-${n % 3}`,
  revision: Math.floor(n / 3),
  position: n + 1,
  id: `id-${n}`,
  type: 'Tested',
  data: { n },
  recordedAt: '2022-05-18T10:00:00.000Z',
  metadata: {
    time: '2022-05-18T10:00:00.000Z',
    source: '/tests',
    subject: `account-${n % 3}`,
    schemaversion: 1,
    actor: { kind: 'service', id: 'tests' },
    correlationid: `id-${n}`,
  },
});

describe('a log in a file', () => {
  let folder: string;
  let file: string;
  let good: Buffer;
  let whole: LogSummary;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-log-file-'));
    file = join(folder, 'whole.log');
    const writer = await LogFileWriter.open(file);
    for (const page of [0, 1])
      await writer.append(
        Array.from({ length: 12 }, (_, n) => recorded(page * 12 + n)),
        page * 12 + 12,
      );
    whole = await writer.finish();
    good = await readFile(file);
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** The error of reading the bytes, or undefined if they hold the same log: a few bits of gzip's headers don't matter. */
  async function errorOf(bytes: Uint8Array): Promise<string | undefined> {
    const path = join(folder, 'damaged.log');
    await writeFile(path, bytes);
    try {
      expect((await checkLogFile(path)).summary()).toEqual(whole);
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidInput);
      expect((error as InvalidInput).message).toContain(path);
      return (error as InvalidInput).message;
    }
  }

  it('writes through no link in the place of its drafts, which somebody may have put there', async () => {
    const victim = join(folder, 'victim');
    await writeFile(victim, 'mine');
    const path = join(folder, 'planted.log');
    await symlink(victim, `${path}.part`);
    await writeFile(`${path}.progress`, JSON.stringify({ bytes: 0, next: 24 }), { mode: 0o600 });
    await symlink(victim, `${path}.progress.new`);
    const writer = await LogFileWriter.open(path);
    expect(writer.next).toBe(0);
    expect((await stat(`${path}.progress`)).mode & 0o777).toBe(0o600);
    await writer.append(
      Array.from({ length: 24 }, (_, n) => recorded(n)),
      24,
    );
    expect(await writer.finish()).toEqual(whole);
    expect((await stat(path)).isFile()).toBe(true);
    expect(await readFile(victim, 'utf8')).toBe('mine');
  });

  it.each([
    ['open to others, as of an earlier release', '.progress', (draft: string) => chmod(draft, 0o644)],
    [
      'a link',
      '.progress',
      async (draft: string) => rename(draft, `${draft}-2`).then(() => symlink(`${draft}-2`, draft)),
    ],
    ['missing', '.part', (draft: string) => rm(draft)],
    ['open to others', '.part', (draft: string) => chmod(draft, 0o644)],
  ])('says that it begins anew if a draft is %s', async (what, which, spoil) => {
    const path = join(folder, `${what}${which}`.replaceAll(/\W/g, '-'));
    const anew: string[] = [];
    const open = () => LogFileWriter.open(path, (draft) => void anew.push(draft));
    const first = await open();
    await first.append([recorded(0)], 1);
    await first.close();
    const resumed = await open();
    expect([resumed.next, anew]).toEqual([1, []]);
    await resumed.close();
    await spoil(`${path}${which}`);
    const begun = await open();
    expect([begun.next, anew]).toEqual([0, [`${path}${which}`]]);
    await begun.append([recorded(0)], 1);
    expect(await begun.finish()).toMatchObject({ events: 1 });
  });

  it('rejects a damaged byte with the name of the file', async () => {
    let rejected = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const bad = Buffer.from(good);
        bad[at]! ^= bits;
        if (await errorOf(bad)) rejected++;
      }),
      { numRuns: 400 },
    );
    expect(rejected).toBeGreaterThan(300);
  });

  it('rejects a file that is cut off anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), async (length) => {
        expect(await errorOf(good.subarray(0, length))).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['a number', '5', 'is not an object'],
    ['nothing', 'null', 'is not an object'],
    ['no JSON', '{', 'is not JSON'],
    ['an event out of its order', JSON.stringify({ stream: 'account-0', revision: 3 }), 'is damaged'],
    ['another summary', JSON.stringify({ summary: { events: 1, streams: 1, sha256: '' } }), 'not what was exported'],
  ])('rejects a line that is %s', async (_, line, message) => {
    expect(await errorOf(gzipSync(`{"format":"gatehouse-log/1"}\n${line}\n`))).toContain(message);
  });
});
