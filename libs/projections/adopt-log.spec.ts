import { afterEach, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { PostgresEventStore } from '../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../event-store/sample-events.contract.js';
import { LockSession } from '../subscriptions/lock-session.js';
import { LogTail } from '../subscriptions/log-tail.js';
import { ALL_SHARDS } from '../subscriptions/shards.js';
import { adoptLog } from './adopt-log.js';
import { startBuild } from './builds.js';
import { Projector, projectorLock } from './projector.js';
import { Rebuilder } from './rebuilder.js';
import type { View } from './view.js';
import { viewTable } from './view-tables.js';

const sums = (name: string, version = 1): View<{ key: string; count: number }> => ({
  name,
  version,
  summary: 'How many events each key had',
  types: ['Added'],
  table: { name: 'sums', key: 'key', columns: { key: { type: 'text' }, count: { type: 'int8' } } },
  keys: (event) => [String(event.data.key)],
  evolve: (row, _event, key) => ({ key, count: (row?.count ?? 0) + 1 }),
});

let database: TestDatabase;
let store: PostgresEventStore;
let pool: pg.Pool;
let sessions: LockSession[];

beforeEach(async () => {
  database = await createTestDatabase();
  store = new PostgresEventStore(database.connection);
  pool = new pg.Pool({ ...database.connection, pipeline: true });
  sessions = [];
});
afterEach(async () => {
  for (const session of sessions) await session.close();
  await store.close();
  await pool.end();
  await database.drop();
});

function newSession(): LockSession {
  const session = new LockSession(database.connection);
  sessions.push(session);
  return session;
}

/** Brings the views up to date in a process of their own. */
async function project(views: readonly View[]) {
  const locks = newSession();
  const projector = new Projector(pool, new LogTail(store), views, locks, new Rebuilder(pool, store, locks));
  await projector.processAll();
  await projector.run(AbortSignal.abort()); // releases its shards
}

it('leaves no rows of the other log to views of another release, which may run again', async () => {
  const [kept, changed, later] = [sums('kept', 2), sums('kept', 3), sums('later')];
  await store.append([
    { stream: 'facts-0', expected: 'any', events: ['a', 'b'].map((key) => newEvent('Added', { key })) },
  ]);
  await project([changed, later]);
  for (const view of [changed, later]) await startBuild(pool, view);
  await pool.query('TRUNCATE log.events, log.streams');
  await pool.query('UPDATE log.head SET position = 0');
  await store.append([{ stream: 'facts-0', expected: 'any', events: [newEvent('Added', { key: 'c' })] }]);

  const locks = newSession();
  await adoptLog({ pool, store, locks, rebuilder: new Rebuilder(pool, store, locks) }, [kept], async () => {});
  for (const shard of ALL_SHARDS) await locks.release(projectorLock(shard));
  const { rows: builds } = await pool.query('SELECT view, version, live FROM projections.builds');
  expect(builds).toEqual([{ view: 'kept', version: 2, live: true }]);
  await project([kept, later]);
  await project([changed]);
  for (const view of [later, changed]) {
    const { rows } = await pool.query(`SELECT key, count::int FROM ${viewTable(view)}`);
    expect([view.name, view.version, rows]).toEqual([view.name, view.version, [{ key: 'c', count: 1 }]]);
  }
});
