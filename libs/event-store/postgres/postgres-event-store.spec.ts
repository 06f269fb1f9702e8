import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { eventStoreContract } from '../event-store.contract.js';
import { newEvent } from '../sample-events.contract.js';
import { PostgresEventStore } from './postgres-event-store.js';

eventStoreContract('PostgreSQL', async () => {
  const database = await createTestDatabase();
  return { connect: () => new PostgresEventStore(database.connection), close: () => database.drop() };
});

describe('PostgresEventStore', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore(database.connection);
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  it('numbers positions from 1 without gaps, even if writes in between are rejected', async () => {
    const refused = newEvent();
    await store.append([{ stream: 'account-a', expected: 'no-stream', events: [newEvent(), newEvent()] }]);
    await store.append([{ stream: 'account-a', expected: 9, events: [refused] }]);
    await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        store.append([{ stream: `account-${n % 7}-${n}`, expected: n % 5 === 0 ? 3 : 'any', events: [newEvent()] }]),
      ),
    );
    const { events } = await store.readAll(0);
    expect(events.map((event) => event.position)).toEqual(Array.from({ length: 26 }, (_, n) => n + 1));
  });

  it('stores no event id twice, and stores the other writes of the call', async () => {
    const [known, fresh] = [newEvent(), newEvent()];
    await store.append([{ stream: 'facts-0', expected: 'any', events: [known] }]);
    const results = await Promise.all([
      store.append([{ stream: 'facts-1', expected: 'any', events: [newEvent(), known] }]),
      store.append([{ stream: 'facts-2', expected: 'any', events: [fresh] }]),
    ]);
    expect(results.flat()).toMatchObject([
      { outcome: 'duplicate-event-id', known: new Map([[known.id, 27]]) },
      { outcome: 'appended' },
    ]);
    expect(await store.readStream('facts-1')).toEqual([]);
    expect((await store.readStream('facts-2')).map((event) => event.id)).toEqual([fresh.id]);
  });

  it('reports that it is unavailable while the database refuses connections, and works afterwards', async () => {
    const admin = new pg.Client({ ...database.superuser, database: 'postgres' });
    await admin.connect();
    const name = database.connection.database;
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    const write = { stream: 'account-u', expected: 'no-stream' as const, events: [newEvent()] };
    await expect(store.append([write])).rejects.toThrow(StoreUnavailable);
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await admin.end();
    expect(await store.append([write])).toMatchObject([{ outcome: 'appended', revision: 0 }]);
  });
});
