import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { randomNonces } from '../../kernel/ids.js';
import { connectDatabase, type Database } from '../../platform/database/database.js';
import { LockSession } from '../../subscriptions/lock-session.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { seedSigner } from '../keys/proof-signer.js';
import { parseCheckpoint } from '../tlog/checkpoint.js';
import { isConsistent, leafHash, proveConsistency, type Subtree } from '../tlog/merkle-tree.js';
import { noteSigner, openNote } from '../tlog/signed-note.js';
import { hashOver, sliceOf } from '../tlog/tiles.js';
import { LeafLog, TreeMismatch } from './leaf-log.js';
import { logKeys } from './log-keys.js';
import { leavesOfStore, leavesOfTables, type ReadLeaves } from './read-leaves.js';
import { newestCheckpoint, OtherRoot } from './signed-checkpoints.js';
import { readBundle, readTile, treeState } from './stored-tree.js';

const SEED = hash('sha256', 'a key for specs', 'buffer');
const ORIGIN = 'example.org/log/a';

describe('the log of leaves', () => {
  let test: TestDatabase;
  let database: Database;
  let store: PostgresEventStore;
  let log: LogTail;
  let locks: LockSession;
  const opened: LockSession[] = [];

  beforeEach(async () => {
    test = await createTestDatabase();
    database = await connectDatabase(test.connection, { applicationName: 'gatehouse-spec' });
    store = new PostgresEventStore(test.connection, undefined, randomNonces());
    log = new LogTail(store);
    locks = newLocks();
  });
  afterEach(async () => {
    await log.close();
    for (const one of opened.splice(0)) await one.close();
    await store.close();
    await database.dataSource.destroy();
    await test.drop();
  });

  function newLocks(): LockSession {
    const made = new LockSession(test.connection);
    opened.push(made);
    return made;
  }

  const leafLog = ({ epoch = 'a', signs = true, held = locks, read = leavesOfTables(database.pool) } = {}) =>
    new LeafLog(database.pool, log, read, held, {
      origin: `example.org/log/${epoch}`,
      epoch,
      signers: signs ? [seedSigner(SEED)] : [],
    });

  async function append(count: number): Promise<void> {
    for (let rest = count; rest > 0; rest -= 500) {
      const events = Array.from({ length: Math.min(rest, 500) }, (_, n) => newEvent('Tested', { n }));
      await store.append([{ stream: 'facts-0', expected: 'any', events }]);
    }
  }

  const subtree = async ({ level, index }: Subtree): Promise<Buffer> => {
    const { level: tile, number, offset, count } = sliceOf({ level, index });
    const row =
      tile > 0
        ? await readTile(database.pool, tile, number)
        : Buffer.concat((await readBundle(database.pool, number)).map(({ entry }) => leafHash(entry)));
    return hashOver(row!.subarray(offset * 32, (offset + count) * 32));
  };

  const checkpoint = async (origin = ORIGIN) => {
    const newest = await newestCheckpoint(database.pool, origin);
    return newest && parseCheckpoint(openNote(newest.note, [noteSigner(origin, SEED)]).text)!;
  };

  it('has a leaf for each event once, in order, and signs the size that it has reached', async () => {
    const first = leafLog();
    await first.processAll();
    expect(await checkpoint()).toMatchObject({ origin: ORIGIN, size: 0 });
    await append(700);
    await first.processAll();
    const older = (await checkpoint())!;
    expect(older.size).toBe(700);
    await first.processAll();
    await append(1_300);
    await first.release();
    await leafLog({ held: newLocks() }).processAll();
    const newer = (await checkpoint())!;
    expect(newer.size).toBe(2_000);
    const proof = await proveConsistency(700, 2_000, subtree);
    expect(isConsistent({ older: 700, size: 2_000, olderRoot: older.root, root: newer.root, proof })).toBe(true);
    const positions = [];
    for (let n = 0; n < 8; n++) positions.push(...(await readBundle(database.pool, n)).map(({ position }) => position));
    expect(positions).toEqual(Array.from({ length: 2_000 }, (_, n) => n + 1));
    expect((await logKeys(database.pool)).map(({ origin }) => origin)).toEqual([ORIGIN]);
  });

  it('has the same entries whichever way the log is read', async () => {
    await append(300);
    const [tables, events] = [await leavesOfTables(database.pool)(0, 1_000), await leavesOfStore(store)(0, 1_000)];
    expect(await tables.leaves()).toEqual(await events.leaves());
    expect(tables).toMatchObject({ next: 300, atHead: true });
  });

  it.each([1, 2, 7, 299, 300, 301])('reads the same entries in pages of %i', async (limit) => {
    await append(300);
    const read = leavesOfTables(database.pool);
    const leaves = [];
    for (let page = await read(0, limit); ; page = await read(page.next, limit)) {
      const some = await page.leaves();
      expect(some.length).toBeLessThanOrEqual(limit);
      leaves.push(...some);
      if (page.atHead) break;
    }
    expect(leaves).toEqual(await (await leavesOfStore(store)(0, 1_000)).leaves());
  });

  it('adopts events that an earlier release stored', async () => {
    const earlier = new PostgresEventStore(test.connection);
    await earlier.append([{ stream: 'facts-0', expected: 'any', events: [newEvent('Tested', { b: 1, a: 2 })] }]);
    await earlier.close();
    await append(1);
    await leafLog().processAll();
    expect(await checkpoint()).toMatchObject({ size: 2 });
    const [tables, events] = [await leavesOfTables(database.pool)(0, 10), await leavesOfStore(store)(0, 10)];
    expect(await tables.leaves()).toEqual(await events.leaves());
  });

  it('follows the log while it runs, in one of several processes, and leaves nothing unsigned', async () => {
    const stop = new AbortController();
    const running = [leafLog(), leafLog({ held: newLocks() })].map((one) => one.run(stop.signal));
    for (const count of [1, 300, 40]) await append(count);
    while ((await checkpoint())?.size !== 341) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await Promise.all(running);
    expect(await treeState(database.pool)).toMatchObject({ size: 341, position: 341 });
  });

  it('stores nothing of a page that fails, and all of it afterwards', async () => {
    await append(10);
    let fails = true;
    const read: ReadLeaves = async (after, limit) => {
      const page = await leavesOfTables(database.pool)(after, limit);
      const leaves = async () =>
        (await page.leaves()).map((leaf, n) => (fails && n === 5 ? { ...leaf, position: -1 } : leaf));
      return { ...page, leaves };
    };
    const failing = leafLog({ read });
    await expect(failing.processAll()).rejects.toThrow();
    expect(await treeState(database.pool)).toMatchObject({ size: 0, position: 0 });
    fails = false;
    failing.failed(new Error());
    await failing.processAll();
    expect(await checkpoint()).toMatchObject({ size: 10 });
  });

  it('keeps its leaves without a key, and signs once it has one', async () => {
    await append(3);
    const unsigned = leafLog({ signs: false });
    await unsigned.processAll();
    expect(await checkpoint()).toBeUndefined();
    expect(await treeState(database.pool)).toMatchObject({ size: 3 });
    await unsigned.release();
    await leafLog({ held: newLocks() }).processAll();
    expect(await checkpoint()).toMatchObject({ size: 3 });
  });

  it('never signs two roots for one size', async () => {
    await append(3);
    const first = leafLog();
    await first.processAll();
    await append(2);
    const signedElsewhere = (size: number) =>
      database.pool.query("INSERT INTO proof.checkpoints (origin, size, root, note) VALUES ($1, $2, $3, '')", [
        ORIGIN,
        size,
        Buffer.alloc(32),
      ]);
    await signedElsewhere(5);
    await expect(first.processAll()).rejects.toThrow(OtherRoot);
    expect(await treeState(database.pool)).toMatchObject({ size: 3 });
    await first.release();
    for (const size of [3, 9]) {
      await database.pool.query('DELETE FROM proof.checkpoints');
      await signedElsewhere(size);
      await expect(leafLog({ held: newLocks() }).processAll()).rejects.toThrow(OtherRoot);
      await opened.at(-1)!.close();
    }
  });

  it('continues under another name in a new epoch of the same log', async () => {
    await append(300);
    const before = leafLog();
    await before.processAll();
    const old = (await checkpoint())!;
    await before.release();
    await append(1);
    await leafLog({ epoch: 'b', held: newLocks() }).processAll();
    expect(await checkpoint('example.org/log/b')).toMatchObject({ size: 301 });
    const proof = await proveConsistency(300, 301, subtree);
    const { root } = (await checkpoint('example.org/log/b'))!;
    expect(isConsistent({ older: 300, size: 301, olderRoot: old.root, root, proof })).toBe(true);
  });

  it('makes all leaves anew in a new epoch of another log, and refuses to in the same epoch', async () => {
    await append(300);
    const before = leafLog();
    await before.processAll();
    await before.release();
    await database.pool.query("UPDATE projections.checkpoints SET position = 200 WHERE follower = 'proof'");
    await expect(leafLog({ held: newLocks() }).processAll()).rejects.toThrow(TreeMismatch);
    await opened.at(-1)!.close();
    await leafLog({ epoch: 'b', held: newLocks() }).processAll();
    expect(await checkpoint('example.org/log/b')).toMatchObject({ size: 300, root: (await checkpoint())!.root });
  });

  it('reports events that are missing at the end of the log instead of asking for them without end', async () => {
    await append(10);
    await database.pool.query('DELETE FROM log.events WHERE position > 5');
    await expect(leafLog().processAll()).rejects.toThrow('events at its end are missing');
  });

  it('reports leaves that somebody has changed instead of building on them', async () => {
    await append(300);
    const first = leafLog();
    await first.processAll();
    await append(1);
    await database.pool.query(
      'UPDATE proof.bundles SET entries = overlay(entries placing $1 from 1 for 1) WHERE number = 1',
      [Buffer.of(1)],
    );
    await expect(first.processAll()).rejects.toThrow('were changed');
  });
});
