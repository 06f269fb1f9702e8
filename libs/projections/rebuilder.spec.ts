import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { PostgresEventStore } from '../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../event-store/sample-events.contract.js';
import { StoreUnavailable } from '../kernel/errors.js';
import { inTransaction } from '../platform/database/in-transaction.js';
import { LockSession } from '../subscriptions/lock-session.js';
import { LogTail } from '../subscriptions/log-tail.js';
import { liveBuild } from './builds.js';
import { Projector } from './projector.js';
import { Rebuilder } from './rebuilder.js';
import { digestTable } from './table-digest.js';
import type { View } from './view.js';
import { viewTable } from './view-tables.js';

const sums: View<{ key: string; count: number }> = {
  name: 'test-sums',
  version: 1,
  summary: 'How many events each key had',
  types: ['Added'],
  table: { name: 'sums', key: 'key', columns: { key: { type: 'text' }, count: { type: 'int8' } } },
  keys: (event) => [String(event.data.key)],
  evolve: (row, _event, key) => ({ key, count: (row?.count ?? 0) + 1 }),
};
const KEYS = 7;

describe('a rebuild', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let pool: pg.Pool;
  let sessions: LockSession[];
  let appended: number;

  beforeEach(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore(database.connection);
    pool = new pg.Pool({ ...database.connection, pipeline: true });
    [sessions, appended] = [[], 0];
  });
  afterEach(async () => {
    for (const session of sessions) await session.close();
    await store.close();
    await pool.end();
    await database.drop();
  });

  function locks(): LockSession {
    const session = new LockSession(database.connection);
    sessions.push(session);
    return session;
  }
  const rebuilder = (of = store) => new Rebuilder(pool, of, locks());
  function projector(of = pool): Projector {
    const session = locks();
    return new Projector(of, new LogTail(store), [sums], session, new Rebuilder(of, store, session));
  }
  async function append(count: number) {
    const events = Array.from({ length: count }, () => newEvent('Added', { key: `key-${appended++ % KEYS}` }));
    await store.append([{ stream: 'facts-0', expected: 'any', events }]);
  }
  const counted = async () => Number((await pool.query(`SELECT sum(count) AS n FROM ${viewTable(sums)}`)).rows[0].n);
  const buildOf = async () => (await liveBuild(pool, sums))?.build;
  const schemas = async () =>
    (await pool.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'view_test%' ORDER BY 1")).rows.map(
      (row) => row.nspname,
    );

  /** The same store, with a side effect at each call of head(). */
  const withHead = (happens: () => Promise<void>): PostgresEventStore =>
    Object.assign(Object.create(store), {
      async head() {
        const head = await store.head();
        await happens();
        return head;
      },
    });

  it('is refused while another one runs, and not because the database does not answer about that', async () => {
    const other = locks();
    await other.hold(`rebuild:${sums.name}`);
    await expect(rebuilder().verify([sums])).rejects.toMatchObject({ code: 'rebuild-running' });
    await other.release(`rebuild:${sums.name}`);
    const unreachable = new LockSession({ ...database.connection, host: '127.0.0.1', port: 1 });
    sessions.push(unreachable);
    await expect(new Rebuilder(pool, store, unreachable).verify([sums])).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('goes live under constant load, even if the live build has moved on', async () => {
    const following = projector();
    await append(100);
    await following.processAll();
    const before = await buildOf();
    const loaded = withHead(async () => {
      await append(30);
      await following.processAll();
    });
    await rebuilder(loaded).rebuild([sums]);
    expect(await buildOf()).not.toBe(before);
    expect(await counted()).toBe(appended);
    await expect(following.processAll()).resolves.toBeUndefined(); // at the head: nothing to move
    await append(10);
    await expect(following.processAll()).rejects.toThrow('moved by another process');
    await following.run(AbortSignal.abort()); // releases its shards
    await projector().processAll();
    expect(await counted()).toBe(appended);
    expect((await rebuilder().verify([sums]))[0]).toMatchObject({ equal: true });
  });

  it('reads no page more than twice to find the event that breaks a write of many pages', async () => {
    const breaking: typeof sums = {
      ...sums,
      evolve: (row, _event, key) => ({ key, count: key === 'bad' ? 2 ** 70 : (row?.count ?? 0) + 1 }),
    };
    for (let n = 0; n < 20; n++) await append(1_000);
    await store.append([{ stream: 'facts-0', expected: 'any', events: [newEvent('Added', { key: 'bad' })] }]);
    let reads = 0;
    const counting: PostgresEventStore = Object.assign(Object.create(store), {
      readAll(...given: Parameters<PostgresEventStore['readAll']>) {
        reads++;
        return store.readAll(...given);
      },
    });
    await rebuilder(counting).rebuild([breaking]);
    expect(await counted()).toBe(appended);
    expect(reads).toBeLessThanOrEqual(2 * 5);
  });

  it('does not go live if a crash of the database has emptied its unlogged tables unnoticed', async () => {
    const others: View<{ key: string; count: number }> = { ...sums, name: 'test-others' };
    await append(100);
    await rebuilder().rebuild([sums, others]);
    const crashed = withHead(async () => {
      const { rows } = await pool.query(
        `SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
         WHERE relpersistence = 'u' AND relkind = 'r' AND nspname LIKE 'view_test%'`,
      );
      for (const { name } of rows) await pool.query(`TRUNCATE ${name}`);
    });
    await expect(rebuilder(crashed).rebuild([sums, others])).rejects.toThrow('lost the rebuilt test-others');
    const { rows } = await pool.query(`SELECT sum(count) AS n FROM ${viewTable(others)}`);
    expect([await counted(), Number(rows[0].n)]).toEqual([100, 100]);
    expect(await schemas()).toEqual(['view_test_others_v1', 'view_test_sums_v1']);
  });

  it('ends when its signal aborts, even while it catches up, and leaves only the live tables', async () => {
    await append(100);
    await projector().processAll();
    const before = await buildOf();
    for (const asked of [1, 2]) {
      const stop = new AbortController();
      let times = 0;
      const stopping = withHead(async () => {
        if (++times === asked) stop.abort(new Error('the process is stopping'));
      });
      await append(10);
      await expect(rebuilder(stopping).rebuild([sums], undefined, stop.signal)).rejects.toThrow('stopping');
    }
    expect([await buildOf(), await schemas(), await counted()]).toEqual([before, ['view_test_sums_v1'], 100]);
  });

  it('asks for no lock again once its signal has aborted', async () => {
    const session = locks();
    const stop = new AbortController();
    const asked: string[] = [];
    session.hold = (name) => {
      asked.push(name);
      stop.abort(new Error('the process is stopping'));
      return Promise.reject(new StoreUnavailable('away'));
    };
    const rebuilding = new Rebuilder(pool, store, session).rebuild([sums], undefined, stop.signal);
    await expect(rebuilding).rejects.toThrow('stopping');
    expect(asked).toHaveLength(1);
  });

  it('takes over no build that was removed after it was found', async () => {
    await append(100);
    const first = projector();
    await first.processAll();
    await first.run(AbortSignal.abort()); // releases its shards
    let rebuilt = false;
    const slow: pg.Pool = Object.assign(Object.create(pool), {
      async query(...asked: [string, unknown[]]) {
        const answer = await pool.query(...asked);
        if (!rebuilt && String(asked[0]).includes('projections.builds')) {
          rebuilt = true;
          await rebuilder().rebuild([sums]);
        }
        return answer;
      },
    });
    const second = projector(slow);
    await expect(second.processAll()).rejects.toThrow('removed by another process');
    await second.processAll();
    expect([rebuilt, await counted()]).toEqual([true, 100]);
    const { rows } = await pool.query('SELECT DISTINCT follower FROM projections.checkpoints');
    expect(rows).toEqual([{ follower: 'view:test-sums:v1:b2' }]);
  });
});

describe('the digest of a table', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  const ROWS = 30_000;

  beforeEach(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool(database.connection);
    await pool.query(
      `CREATE TABLE public.wide AS SELECT n, repeat('x', 700) || n AS filling FROM generate_series(1, ${ROWS}) n`,
    );
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  /** Uses a client that counts its queries. */
  async function digest(options: { asked?: () => void; signal?: AbortSignal } = {}) {
    return inTransaction(pool, async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      await client.query('SELECT 1 FROM public.wide LIMIT 1');
      const counting = Object.assign(Object.create(client), {
        query: (...asked: [string, unknown[]]) => {
          options.asked?.();
          return client.query(...asked);
        },
      });
      return digestTable(counting, 'public.wide', options.signal);
    });
  }

  it('covers all rows of one snapshot, wherever they are, in parts that can be aborted', async () => {
    const { rows } = await pool.query(
      `SELECT sum(hashtextextended(t::text, 0)::numeric) AS one, sum(hashtextextended(t::text, 1)::numeric) AS two FROM public.wide t`,
    );
    let parts = -1; // the first asks for the size
    let moved: Promise<unknown> | undefined;
    const before = await digest({
      asked: () => {
        parts++;
        // Moves every row to the end of the table, outside the snapshot's blocks.
        if (parts === 1) moved = pool.query('UPDATE public.wide SET n = n + 1');
      },
    });
    expect(before).toEqual({ rows: ROWS, hash: `${rows[0].one}:${rows[0].two}` });
    expect(parts).toBeGreaterThan(1);
    await moved;

    const stop = new AbortController();
    let asked = 0;
    const stopped = digest({
      signal: stop.signal,
      asked: () => {
        if (++asked === 2) stop.abort(new Error('enough'));
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(asked).toBe(2);
  });
});
