import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { PostgresEventStore } from '../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../event-store/sample-events.contract.js';
import { startCheckpoints } from './checkpoints.js';
import { LogContinuity } from './log-continuity.js';

let database: TestDatabase;
let store: PostgresEventStore;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  store = new PostgresEventStore(database.connection);
  pool = new pg.Pool(database.connection);
});
afterAll(async () => {
  await store.close();
  await pool.end();
  await database.drop();
});

it('keeps one mark of each hour that is older than a day, however long no process ran', async () => {
  const hour = (days: number) => `date_trunc('hour', now()) - interval '${days} days'`;
  const minutes = (first: number, count: number, start: string) =>
    pool.query(
      `INSERT INTO projections.log_marks (position, event_id, noted_at)
       SELECT n, gen_random_uuid(), ${start} + (n - $1) * interval '1 minute' FROM generate_series($1::int, $1 + $2 - 1) n`,
      [first, count],
    );
  await minutes(1_000, 180, hour(40));
  await minutes(2_000, 90, hour(3));
  await minutes(3_000, 30, `now() - interval '23 hours'`);
  await store.append([{ stream: 'facts-0', expected: 'any', events: [newEvent('Added', { key: 'a' })] }]);
  await startCheckpoints(pool, 'reactor:spec', [0]);
  await pool.query('UPDATE projections.checkpoints SET position = 1');

  await new LogContinuity(pool, store).note();
  const { rows } = await pool.query('SELECT position::int FROM projections.log_marks ORDER BY position');
  const recent = Array.from({ length: 30 }, (_, n) => 3_000 + n);
  expect(rows.map(({ position }) => position)).toEqual([1, 1_000, 1_060, 1_120, 2_000, 2_060, ...recent]);
});

it('is the same log only if the event is known that each consumer has processed last', async () => {
  const continuity = new LogContinuity(pool, store);
  await continuity.note();
  expect(await continuity.isSame()).toBe(true);
  await store.append([{ stream: 'facts-0', expected: 'any', events: [newEvent('Added', { key: 'b' })] }]);
  await pool.query('UPDATE projections.checkpoints SET position = position + 1');
  // Another log may have the first event and differ in the second.
  expect(await continuity.isSame()).toBe(false);
  await continuity.check();
  await continuity.note();
  expect(await continuity.isSame()).toBe(true);
});

it('waits for no checkpoint that is being moved, and notes it later', async () => {
  const continuity = new LogContinuity(pool, store);
  await startCheckpoints(pool, 'reactor:moved', [0, 1]);
  await pool.query("UPDATE projections.checkpoints SET position = 2 WHERE follower = 'reactor:moved'");
  const noted = async () => {
    const { rows } = await pool.query(
      "SELECT event_position::int AS at FROM projections.checkpoints WHERE follower = 'reactor:moved' ORDER BY lane",
    );
    return rows.map(({ at }) => at);
  };
  const mover = await pool.connect();
  try {
    await mover.query('BEGIN');
    await mover.query("SELECT FROM projections.checkpoints WHERE follower = 'reactor:moved' AND lane = 1 FOR UPDATE");
    await continuity.note();
    expect(await noted()).toEqual([2, null]);
  } finally {
    await mover.query('ROLLBACK');
    mover.release();
  }
  await continuity.note();
  expect(await noted()).toEqual([2, 2]);
});
