import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { toIso } from '../../kernel/clock.js';
import { openPool, type Pool } from '../../platform/database/connection.js';
import { newEvent } from '../sample-events.contract.js';
import { PostgresEventStore } from './postgres-event-store.js';
import { onVirtualClock, refuseSimulation, VirtualClock } from './virtual-clock.js';

const START = Date.parse('2022-05-18T09:00:00.000Z');
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let stores: PostgresEventStore[];
let pools: Pool[];
beforeEach(async () => {
  database = await createTestDatabase();
  [stores, pools] = [[], []];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  for (const pool of pools) await pool.end();
  await database.drop();
});

function open(connection = database.connection) {
  const store = new PostgresEventStore(connection);
  const pool = openPool(connection, {});
  stores.push(store);
  pools.push(pool);
  return { store, pool };
}
const virtual = () => open(onVirtualClock(database.connection));
const append = (store: PostgresEventStore, stream = 'account-a') =>
  store.append([{ stream, expected: 'any', events: [newEvent()] }]);

describe('the virtual clock', () => {
  it('gives events the time that it was moved to, in every session that reads it', async () => {
    const clock = await VirtualClock.begin(open().pool, START);
    const [one, other] = [virtual().store, virtual().store];
    await append(one);
    await clock.moveTo(START + 30 * 24 * HOUR_MS);
    await append(other, 'account-b');
    await append(one, 'account-c');
    const { events } = await one.readAll(0);
    expect(events.map(({ recordedAt }) => recordedAt)).toEqual(
      [START, START + 30 * 24 * HOUR_MS, START + 30 * 24 * HOUR_MS].map(toIso),
    );
    expect(clock.now()).toBe(START + 30 * 24 * HOUR_MS);
  });

  it('is refused outside of a simulation, and nothing is stored', async () => {
    const { store } = virtual();
    await expect(append(store)).rejects.toThrow('this database has no virtual clock');
    expect(await store.head()).toBe(0);
  });

  it('is refused to a log that has events', async () => {
    const { store, pool } = open();
    await append(store);
    await expect(VirtualClock.begin(pool, START)).rejects.toThrow('the log has events already');
    expect((await pool.query('SELECT FROM log.simulation')).rowCount).toBe(0);
  });

  it('begins once', async () => {
    const { pool } = open();
    await VirtualClock.begin(pool, START);
    await expect(VirtualClock.begin(pool, START)).rejects.toThrow('simulation_pkey');
  });

  it('moves forwards only', async () => {
    const { pool } = open();
    const clock = await VirtualClock.begin(pool, START);
    await expect(clock.moveTo(START - 1)).rejects.toThrow('only moves forwards');
    await clock.moveTo(START);
    expect(clock.now()).toBe(START);
  });

  it('leaves the time of the server to every other session', async () => {
    const before = Date.now() - HOUR_MS;
    const { store, pool } = open();
    await append(store);
    await refuseSimulation(pool);
    expect(Date.parse((await store.readAll(0)).events[0]!.recordedAt)).toBeGreaterThan(before);
  });

  it('keeps a process from mixing times into a simulation', async () => {
    const { pool } = open();
    await VirtualClock.begin(pool, START);
    await expect(refuseSimulation(pool)).rejects.toMatchObject({ code: 'simulation-database' });
    await refuseSimulation(virtual().pool);
  });
});
