import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { hasEvents } from './has-events.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';
import { SCAN_WINDOW } from './postgres/statements.js';
import { newEvent } from './sample-events.contract.js';

let database: TestDatabase;
let pool: pg.Pool;
let store: PostgresEventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
  store = new PostgresEventStore(database.connection);
});
afterAll(async () => {
  await store.close();
  await pool.end();
  await database.drop();
});

it('finds an event wherever it is in a long log', async () => {
  expect(await hasEvents(store)).toBe(false);
  const append = (type: string) => store.append([{ stream: 'any', expected: 'any', events: [newEvent(type)] }]);
  await append('First');
  await pool.query('UPDATE log.head SET position = position + $1', [2 * SCAN_WINDOW]);
  await append('Last');
  expect(await hasEvents(store)).toBe(true);
});
