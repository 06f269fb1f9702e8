import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SmallLog, seedOf } from '../../../test/support/small-log.js';
import { entryOfBundled } from '../evidence/bundle-format.js';
import { parseCheckpoint } from '../tlog/checkpoint.js';
import { treeRoot } from '../tlog/merkle-tree.js';
import { openNote } from '../tlog/signed-note.js';
import { encodeBundle, hashOver, parseTilePath, sliceOf, TILE_WIDTH, tilePath } from '../tlog/tiles.js';
import { type PublicLog, publishLog } from './publish-log.js';
import { PublishedFiles } from './published-files.js';

const log = new SmallLog(1_300);
let directory: string;
let files: PublishedFiles;
let fetched: string[];

/** The log as it was when it had that size. */
const at = (size: number, of = log): PublicLog => ({
  checkpoint: () => of.checkpoint(size),
  tile: async (path) => {
    fetched.push(path);
    const { number, width } = parseTilePath(path)!;
    const events = of.events.slice(number * TILE_WIDTH, number * TILE_WIDTH + width);
    return encodeBundle(Buffer.concat(events.map(entryOfBundled)));
  },
});

const names = async () =>
  (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(directory.length + 1))
    .sort();

/** What a reader computes who has the files and the key, and nothing else. */
async function verifiedSize(): Promise<number> {
  const { text } = openNote(await readFile(join(directory, 'checkpoint'), 'utf8'), [log.signer]);
  const { size, root } = parseCheckpoint(text)!;
  const read = async (subtree: Parameters<typeof sliceOf>[0]) => {
    const { level, number, offset, count } = sliceOf(subtree);
    const width = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - number * TILE_WIDTH);
    const tile = await readFile(join(directory, 'tile', tilePath({ level, number, width })));
    return hashOver(tile.subarray(offset * 32, (offset + count) * 32));
  };
  expect(await treeRoot(size, read)).toEqual(root);
  return size;
}

beforeEach(async () => {
  fetched = [];
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-tiles-'));
  files = new PublishedFiles(directory);
});
afterEach(() => rm(directory, { recursive: true }));

describe('a log as static files', () => {
  it('is what other programs read, whatever size it is published at', async () => {
    for (const size of [0, 1, 255, 256, 257, 700, 1_024, 1_300]) {
      expect(await publishLog(at(size), files, [log.signer])).toMatchObject({ origin: log.origin, size });
      expect(await verifiedSize()).toBe(size);
    }
    expect(await names()).toEqual([
      'checkpoint',
      ...[0, 1, 2, 3, 4].map((n) => `tile/0/00${n}`),
      'tile/0/005.p/20',
      'tile/1/000.p/1',
      'tile/1/000.p/2',
      'tile/1/000.p/4',
      'tile/1/000.p/5',
      ...[0, 1, 2, 3, 4].map((n) => `tile/entries/00${n}`),
      'tile/entries/005.p/20',
    ]);
  });

  it('fetches only what is new, and nothing if nothing is', async () => {
    await publishLog(at(700), files, [log.signer]);
    fetched = [];
    expect(await publishLog(at(1_300), files, [log.signer])).toEqual({ origin: log.origin, size: 1_300, before: 700 });
    expect(fetched).toEqual(['entries/002', 'entries/003', 'entries/004', 'entries/005.p/20']);
    fetched = [];
    await publishLog(at(1_300), files, [log.signer]);
    expect(fetched).toEqual([]);
  });

  it('continues after it was interrupted anywhere', async () => {
    await publishLog(at(300), files, [log.signer]);
    let left = 3;
    const failing: PublicLog = {
      ...at(1_300),
      tile: (path) => (left-- > 0 ? at(1_300).tile(path) : Promise.reject(new Error('the connection was lost'))),
    };
    await expect(publishLog(failing, files, [log.signer])).rejects.toThrow('the connection was lost');
    expect(await verifiedSize()).toBe(300);
    await publishLog(at(1_300), files, [log.signer]);
    expect(await verifiedSize()).toBe(1_300);
  });

  it('is never published if it is not what was signed, is shorter, or does not continue what is there', async () => {
    await publishLog(at(700), files, [log.signer]);
    const fork = new SmallLog(1_300);
    fork.events[650] = { ...fork.events[650]!, type: 'Forged' };
    const cases: [PublicLog, string][] = [
      [at(1_300, fork), 'are not those of its checkpoint'],
      [at(600), '700 leaves are published, but the log has only 600'],
      [at(1_300, new SmallLog(1_300, log.origin, seedOf('x'))), "can't be trusted"],
      [{ ...at(1_300), tile: async () => Buffer.of(1) }, 'is not the bundle'],
    ];
    for (const [other, reason] of cases) await expect(publishLog(other, files, [log.signer])).rejects.toThrow(reason);
    expect(await verifiedSize()).toBe(700);
    const another = new SmallLog(800, 'example.org/log/b');
    await expect(publishLog(at(800, another), files, [another.signer])).rejects.toThrow('publish into another one');
  });

  it('refuses a directory whose tiles were changed', async () => {
    await publishLog(at(700), files, [log.signer]);
    const copy = `${directory}.copy`;
    await cp(directory, copy, { recursive: true });
    for (const [file, text] of [
      ['checkpoint', 'nothing'],
      ['tile/1/000.p/2', 'x'],
      ['tile/entries/002.p/188', Buffer.alloc(188 * 34, 1)],
    ] as const) {
      await writeFile(join(directory, file), text);
      await expect(publishLog(at(1_300), files, [log.signer])).rejects.toThrow('is damaged');
      await cp(copy, directory, { recursive: true });
    }
    await rm(copy, { recursive: true });
    await publishLog(at(1_300), files, [log.signer]);
  });
});
