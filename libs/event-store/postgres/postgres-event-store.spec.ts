import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { randomNonces } from '../../kernel/ids.js';
import { eventStoreContract } from '../event-store.contract.js';
import { EventsRefused } from '../event-store.js';
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

describe('PostgresEventStore with nonces', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore(database.connection, undefined, randomNonces());
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  const storedRows = async () => {
    const client = new pg.Client(database.connection);
    await client.connect();
    const { rows } = await client.query(
      `SELECT id, data::text, metadata::text, recorded_at = date_trunc('milliseconds', recorded_at) AS "isExact"
       FROM log.events ORDER BY position`,
    );
    await client.end();
    return rows;
  };

  it('stores canonical text with whole milliseconds, which its own page and every other reader has', async () => {
    const start = await store.head();
    const signal = new AbortController().signal;
    await store.readNext(start, { waitMs: 0, signal });
    const event = newEvent('Tested', { b: 'ä ☃ 𝄞 "quoted" \\ \n', a: { 10: 1, 9: 2.5e-8 } });
    await store.append([{ stream: 'account-n', expected: 'no-stream', events: [event, newEvent()] }]);
    const { events: own } = await store.readNext(start, { waitMs: 1_000, signal });
    const { events: read } = await store.readAll(start);
    expect(own).toEqual(read);
    expect(read[0]).toMatchObject({ data: event.data, metadata: event.metadata });
    expect(new Set(read.map(({ metadata }) => metadata.nonce)).size).toBe(2);
    const rows = await storedRows();
    for (const [n, { data, metadata, isExact }] of rows.entries()) {
      expect([data, metadata]).toEqual([canonicalJson(read[n]!.data), canonicalJson(read[n]!.metadata)]);
      expect(isExact).toBe(true);
    }
  });

  it('refuses what has no canonical text, and stores what others append at the same time', async () => {
    const bad = newEvent('Tested', { a: 'x\ud800' });
    const answers = await Promise.allSettled(
      [newEvent(), bad, newEvent()].map((event, n) =>
        store.append([{ stream: `account-r${n}`, expected: 'no-stream', events: [event] }]),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((answers[1] as PromiseRejectedResult).reason).toBeInstanceOf(EventsRefused);
    expect(await store.readStream('account-r1')).toEqual([]);
  });

  it('stores a repeated write once, with its first nonce', async () => {
    const write = { stream: 'account-twice', expected: 'no-stream' as const, events: [newEvent()] };
    await store.append([write]);
    const before = await store.readStream('account-twice');
    expect(await store.append([write])).toMatchObject([{ outcome: 'already-appended' }]);
    expect(await store.readStream('account-twice')).toEqual(before);
  });
});
