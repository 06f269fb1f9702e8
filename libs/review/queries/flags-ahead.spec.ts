import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { ContentFlagged } from '../../images/index.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { FlagsAhead } from './flags-ahead.js';

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

it('finds the flags of each image, and asks once how far their consumer is for all decisions that begin together', async () => {
  const images = Array.from({ length: 64 }, (_, n) => `img-${n}`);
  const events = images.map((imageId) => newEvent('ContentFlagged', { ...ContentFlagged.example, imageId }));
  await store.append([{ stream: 'facts-0', expected: 'any', events }]);
  const flags = new FlagsAhead(pool, new LogTail(store), { decisionWaitMs: 60_000 });
  const queries = jest.spyOn(pool, 'query');
  const found = await Promise.all(images.map((imageId) => flags.of(imageId)));
  expect(found.map((one) => one.flags.map(({ data }) => data.imageId))).toEqual(images.map((imageId) => [imageId]));
  expect(queries).toHaveBeenCalledTimes(1);
});
