import { hash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../../test/support/runs.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { appendParameters } from '../../event-store/postgres/event-rows.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { APPEND } from '../../event-store/postgres/statements.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { storedText } from '../../event-store/stored-text.js';
import { randomNonces } from '../../kernel/ids.js';
import { connectDatabase, type Database, type Pool } from '../../platform/database/database.js';
import { LockSession } from '../../subscriptions/lock-session.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { seedSigner } from '../keys/proof-signer.js';
import { LeafLog } from '../leaves/leaf-log.js';
import { leavesOfStore, leavesOfTables } from '../leaves/read-leaves.js';
import { noteSigner } from '../tlog/signed-note.js';
import { type Verification, verifyLog } from './verify-log.js';

const ORIGIN = 'example.org/log/a';
const SEED = hash('sha256', 'a key for specs', 'buffer');
const STREAMS = 5;
const EVENTS = 600;

let test: TestDatabase;
let store: PostgresEventStore;
/** One connection, so that an edit and its verification are one transaction, which is rolled back. */
let one: Database;
let pool: Pool;

async function grow(): Promise<void> {
  const database = await connectDatabase(test.connection, { applicationName: 'gatehouse-spec' });
  const locks = new LockSession(test.connection);
  const log = new LogTail(store);
  const options = { origin: ORIGIN, epoch: 'a', signers: [seedSigner(SEED)] };
  await new LeafLog(database.pool, log, leavesOfTables(database.pool), locks, options).processAll();
  await log.close();
  await locks.close();
  await database.dataSource.destroy();
}

const append = (count: number) =>
  store.append(
    Array.from({ length: STREAMS }, (_, s) => ({
      stream: `account-${s}`,
      expected: 'any' as const,
      events: Array.from({ length: count / STREAMS }, (_, n) => newEvent('Tested', { n, s, text: 'ä' })),
    })),
  );

beforeAll(async () => {
  test = await createTestDatabase();
  store = new PostgresEventStore(test.connection, undefined, randomNonces());
  // Some checkpoints lie inside, and 20 events are from before.
  const earlier = new PostgresEventStore(test.connection);
  await earlier.append([
    { stream: 'account-0', expected: 'any', events: Array.from({ length: 20 }, (_, n) => newEvent('Older', { n })) },
  ]);
  await earlier.close();
  await grow();
  await append(EVENTS / 2);
  await grow();
  await append(EVENTS / 2);
  await grow();
  one = await connectDatabase(test.connection, { applicationName: 'gatehouse-spec', poolSize: 1 });
  pool = one.pool;
});
afterAll(async () => {
  await one.dataSource.destroy();
  await store.close();
  await test.drop();
});
beforeEach(async () => void (await pool.query('BEGIN')));
afterEach(async () => void (await pool.query('ROLLBACK')));

const LAST = EVENTS + 20;
const verify = (isFull = true): Promise<Verification> =>
  verifyLog({ pool, read: leavesOfTables(pool), isInTables: true, origin: ORIGIN }, { isFull });

describe('the verification of a log that nobody changed', () => {
  it('compares every event and checkpoint', async () => {
    expect(await verify()).toEqual({ from: 0, to: LAST, checkpoints: 3, otherCheckpoints: 0, withoutLeaf: 0 });
  });

  it('goes on where the last one ended, and finds nothing to do', async () => {
    await verify();
    expect(await verify(false)).toMatchObject({ from: LAST, to: LAST, checkpoints: 1 });
  });

  it('needs no tables of the log', async () => {
    const log = { pool, read: leavesOfStore(store), isInTables: false, origin: ORIGIN };
    expect(await verifyLog(log, { isFull: true })).toMatchObject({ to: LAST, checkpoints: 3 });
  });

  it('counts events that have no leaf yet, which is no alteration', async () => {
    const events = Array.from({ length: 10 }, () => newEvent());
    const texts = events.map((event) => storedText(event, randomNonces()));
    await pool.query(APPEND.text, appendParameters([{ stream: 'account-1', expected: 'any', events }], [texts]));
    const found = await verify();
    expect(found).toEqual({ from: 0, to: LAST, checkpoints: 3, otherCheckpoints: 0, withoutLeaf: 10 });
    expect(await verify(false)).toMatchObject({ from: LAST, to: LAST, withoutLeaf: 10 });
  });

  it('trusts the keys that the caller names, and no others', async () => {
    const log = { pool, read: leavesOfTables(pool), isInTables: true, origin: ORIGIN };
    const trusting = (seed: Buffer) => verifyLog(log, { isFull: true, trusted: [noteSigner(ORIGIN, seed)] });
    expect((await trusting(SEED)).fault).toBeUndefined();
    expect((await trusting(hash('sha256', 'another', 'buffer'))).fault).toMatchObject({ kind: 'signature-wrong' });
  });

  it('counts checkpoints of an earlier name whose key the caller did not name, and finds no fault in them', async () => {
    await pool.query("UPDATE proof.checkpoints SET origin = 'example.org/log/b' WHERE size = 20");
    const log = { pool, read: leavesOfTables(pool), isInTables: true, origin: ORIGIN };
    const found = await verifyLog(log, { isFull: true, trusted: [noteSigner(ORIGIN, SEED)] });
    expect(found).toEqual({ from: 0, to: LAST, checkpoints: 2, otherCheckpoints: 1, withoutLeaf: 0 });
  });

  it('counts checkpoints of an earlier name of the log that are not of this one', async () => {
    await pool.query("UPDATE proof.checkpoints SET origin = 'example.org/log/b', root = $1 WHERE size = 20", [
      Buffer.alloc(32),
    ]);
    expect(await verify()).toMatchObject({ checkpoints: 2, otherCheckpoints: 1 });
    expect((await verify()).fault).toBeUndefined();
  });
});

interface Expected {
  kind: string | readonly string[];
  position?: number;
}

type Edit = (at: number, other: number) => Promise<Expected | undefined>;

const change =
  (set: string): Edit =>
  async (position) => {
    await pool.query(`UPDATE log.events SET ${set} WHERE position = $1`, [position]);
    return { kind: 'event-altered', position };
  };
/** Of what an event from before does not bind. */
const exact =
  (edit: Edit): Edit =>
  (at, other) =>
    edit(20 + 1 + (at % EVENTS), other);

const EDITS: Record<string, Edit> = {
  'another value': change(`data = '{"n":-1}'`),
  'a member more in the metadata': change(`metadata = (metadata::jsonb || '{"x":1}')::json`),
  'white space in the data': exact(change(`data = (data::text || ' ')::json`)),
  'white space in the metadata': exact(change(`metadata = (' ' || metadata::text)::json`)),
  'a double member': exact(change(`data = ('{"n":0,' || substr(data::text, 2))::json`)),
  'another order of members': exact(change(`data = ('{"z":1,' || substr(data::text, 2))::json`)),
  microseconds: exact(change(`recorded_at = recorded_at + interval '1 microsecond'`)),
  milliseconds: change(`recorded_at = recorded_at + interval '1 millisecond'`),
  'another type': change(`type = type || 'x'`),
  'another id': change('id = gen_random_uuid()'),
  'another revision': change('revision = revision + 10000'),
  'another stream': change('stream_id = stream_id + 10000'),
  'an event deleted': async (position) => {
    await pool.query('DELETE FROM log.events WHERE position = $1', [position]);
    return { kind: 'event-missing', position };
  },
  'the end cut off': async (position) => {
    await pool.query('DELETE FROM log.events WHERE position >= $1', [position]);
    return { kind: 'event-missing', position };
  },
  'the end cut off together with the head': async (position) => {
    await pool.query('DELETE FROM log.events WHERE position >= $1', [position]);
    await pool.query('UPDATE log.head SET position = $1', [position - 1]);
    return { kind: 'event-missing', position };
  },
  'a moved event': async (position) => {
    await pool.query('UPDATE log.events SET position = $2 WHERE position = $1', [position, LAST + 1]);
    await pool.query('UPDATE log.head SET position = $1', [LAST + 1]);
    return { kind: 'event-missing', position };
  },
  'two data swapped': async (a, b) => {
    if (a === b) return undefined;
    await pool.query(
      `UPDATE log.events e SET data = o.data FROM log.events o
       WHERE (e.position, o.position) IN (($1::bigint, $2::bigint), ($2::bigint, $1::bigint))`,
      [a, b],
    );
    const { rows } = await pool.query(
      'SELECT count(DISTINCT data::text)::int AS n FROM log.events WHERE position IN ($1, $2)',
      [a, b],
    );
    return rows[0].n === 1 ? undefined : { kind: 'event-altered', position: Math.min(a, b) };
  },
  'two events swapped': async (a, b) => {
    if (a === b) return undefined;
    for (const [from, to] of [
      [a, -1],
      [b, a],
      [-1, b],
    ])
      await pool.query('UPDATE log.events SET position = $2 WHERE position = $1', [from, to]);
    return { kind: 'event-altered', position: Math.min(a, b) };
  },
  'a stream renamed': async (at) => {
    const id = 1 + (at % STREAMS);
    await pool.query(`UPDATE log.streams SET name = name || 'x' WHERE id = $1`, [id]);
    const { rows } = await pool.query('SELECT min(position)::int AS first FROM log.events WHERE stream_id = $1', [id]);
    return { kind: 'event-altered', position: rows[0].first };
  },
  'a revision of a stream': async (at, other) => {
    await pool.query('UPDATE log.streams SET revision = revision + $2 WHERE id = $1', [
      1 + (at % STREAMS),
      other % 2 === 0 ? other : -other,
    ]);
    return { kind: 'stream-altered' };
  },
  'the head lowered': async (position) => {
    await pool.query('UPDATE log.head SET position = $1', [position - 1]);
    return { kind: 'head-altered', position };
  },
  'the head raised': async (by) => {
    await pool.query('UPDATE log.head SET position = position + $1', [by]);
    return { kind: 'event-missing', position: LAST + 1 };
  },
  'the head deleted': async () => {
    await pool.query('DELETE FROM log.head');
    return { kind: 'head-altered' };
  },
  'a leaf': async (position) => {
    const [number, offset] = [Math.floor((position - 1) / 256), (position - 1) % 256];
    await pool.query(
      `UPDATE proof.bundles SET entries = set_byte(entries, $2, (get_byte(entries, $2) + 1) % 256) WHERE number = $1`,
      [number, offset * 32 + 5],
    );
    return { kind: 'event-altered', position };
  },
  'a bundle deleted': async (at) => {
    const number = Math.floor((at - 1) / 256);
    await pool.query('DELETE FROM proof.bundles WHERE number = $1', [number]);
    return { kind: 'leaf-missing', position: number * 256 + 1 };
  },
  'a bundle cut': async (at) => {
    const number = Math.floor((at - 1) / 256);
    await pool.query(
      `UPDATE proof.bundles SET entries = substr(entries, 1, 32), positions = substr(positions, 1, 8) WHERE number = $1`,
      [number],
    );
    return { kind: 'leaf-missing', position: number * 256 + 2 };
  },
  'a position of a leaf': async (position) => {
    const [number, offset] = [Math.floor((position - 1) / 256), (position - 1) % 256];
    await pool.query(`UPDATE proof.bundles SET positions = set_byte(positions, $2, 9) WHERE number = $1`, [
      number,
      offset * 8 + 4,
    ]);
    return { kind: 'event-added', position };
  },
  'a tile': async (at) => {
    await pool.query('UPDATE proof.tiles SET hashes = set_byte(hashes, $1, (get_byte(hashes, $1) + 1) % 256)', [
      at % 64,
    ]);
    return { kind: 'tile-altered' };
  },
  'a tile deleted': async () => {
    await pool.query('DELETE FROM proof.tiles');
    return { kind: 'tile-altered' };
  },
  'the size of the tree': async (at) => {
    await pool.query('UPDATE proof.tree SET size = size - $1', [at]);
    return { kind: ['event-added', 'leaf-missing'] };
  },
  'a root that was signed': async (at) => {
    await pool.query('UPDATE proof.checkpoints SET root = set_byte(root, $1, (get_byte(root, $1) + 1) % 256)', [
      at % 32,
    ]);
    return { kind: 'checkpoint-altered' };
  },
  'a signature': async (at) => {
    // The last character of the base64 and the line end stay, since they may not change its bytes.
    await pool.query(
      `UPDATE proof.checkpoints SET note = overlay(note placing
         (CASE substr(note, length(note) - $1, 1) WHEN 'A' THEN 'B' ELSE 'A' END) from length(note) - $1 for 1)`,
      [4 + (at % 80)],
    );
    return { kind: 'signature-wrong' };
  },
  'a checkpoint of another size': async (at) => {
    await pool.query('UPDATE proof.checkpoints SET size = size + $1 WHERE size = $2', [at, LAST]);
    return { kind: 'leaf-missing' };
  },
};

describe('the verification of a log that somebody changed', () => {
  it.each(Object.entries(EDITS))('finds and locates %s', async (_, edit) => {
    const expected = await edit(300, 400);
    const { fault } = await verify();
    expect(fault).toMatchObject({ detail: expect.any(String) });
    expect([expected!.kind].flat()).toContain(fault!.kind);
    if (expected!.position !== undefined) expect(fault!.position).toBe(expected!.position);
  });

  it('finds and locates random edits', async () => {
    const anyPlace = fc.integer({ min: 1, max: LAST });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(EDITS)), anyPlace, anyPlace, async (name, at, other) => {
        await pool.query('SAVEPOINT before');
        try {
          const expected = await EDITS[name]!(at, other);
          if (!expected) return;
          const { fault } = await verify();
          expect([expected.kind].flat()).toContain(fault?.kind);
          if (expected.position !== undefined) expect(fault!.position).toBe(expected.position);
        } finally {
          await pool.query('ROLLBACK TO before');
        }
      }),
      { numRuns: runs(200, 1_000) },
    );
  });

  it('finds a change of what was verified before only if all is verified, but a change of its leaves at once', async () => {
    await verify();
    await pool.query('SAVEPOINT before');
    await EDITS['another value']!(300, 1);
    expect((await verify(false)).fault).toBeUndefined();
    expect((await verify()).fault).toMatchObject({ kind: 'event-altered', position: 300 });
    await pool.query('ROLLBACK TO before');
    await EDITS['a tile']!(3, 1);
    expect((await verify(false)).fault).toMatchObject({ kind: 'tile-altered' });
  });
});
