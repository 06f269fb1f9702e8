import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { until } from '../../test/support/until.js';
import { PostgresEventStore } from '../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../event-store/sample-events.contract.js';
import { defineEvent } from '../events/event-definition.js';
import { EntityId, eventData } from '../events/schemas.js';
import { eventsAhead } from './events-ahead.js';
import { LogTail } from './log-tail.js';

const Noted = defineEvent({
  type: 'Noted',
  version: 1,
  summary: 'Something was noted about an entity.',
  schema: eventData({ key: EntityId('The entity.') }),
  example: { key: 'a' },
});

/** Appends that a reader which follows the head would never catch up with. */
const MANY = 50;
let database: TestDatabase;
let store: PostgresEventStore;

beforeEach(async () => {
  database = await createTestDatabase();
  store = new PostgresEventStore(database.connection);
});
afterEach(async () => {
  await store.close();
  await database.drop();
});

const append = async (key: string) => {
  await store.append([{ stream: 'facts-0', expected: 'any', events: [newEvent(Noted.type, { key })] }]);
};

it('reads what is stored at the time of the call, however fast the log grows', async () => {
  let isBusy = false;
  let grown = 0;
  let read = 0;
  /** The log grows, and is read on, whenever somebody asks for its head. */
  class BusyStore extends PostgresEventStore {
    override async head() {
      if (isBusy && grown < MANY) {
        const before = read;
        await append(`other-${++grown}`);
        await until(() => read > before);
        await append(`other-${++grown}`);
      }
      return super.head();
    }
  }
  const busy = new BusyStore(database.connection);
  const log = new LogTail(busy);
  const stop = new AbortController();
  const following = (async () => {
    for await (const { events } of log.subscribe(0, { signal: stop.signal })) read += events.length;
  })();
  try {
    for (const [n, key] of ['a', 'b'].entries()) {
      await append(key);
      await until(() => read === n + 1);
    }
    isBusy = true;
    const behind = { consumer: 'reactor:some', position: 1, limitMs: 60_000 };
    const { events } = await eventsAhead(log, Noted, behind, 'b', ({ data }) => data.key);
    expect(events).toHaveLength(1);
    expect(grown).toBeLessThan(MANY);
  } finally {
    isBusy = false;
    stop.abort();
    await following;
    await log.close();
    await busy.close();
  }
});

it('reads what it follows from memory, also what was stored a moment ago, and else from the store', async () => {
  const pages: string[] = [];
  class PagedStore extends PostgresEventStore {
    override readAll(...given: Parameters<PostgresEventStore['readAll']>) {
      pages.push(given[1]?.types ? 'of a type' : 'of the log');
      return super.readAll(...given);
    }
  }
  const paged = new PagedStore(database.connection);
  const log = new LogTail(paged);
  const ahead = async (position: number, head?: number) => {
    const behind = { consumer: 'spec', position, limitMs: 60_000, ...(head !== undefined && { head }) };
    const { events } = await eventsAhead(log, Noted, behind, 'a', ({ data }) => data.key);
    return [events.length, pages.splice(0)];
  };
  const add = (key: string) =>
    paged.append([{ stream: 'facts-0', expected: 'any', events: [newEvent(Noted.type, { key })] }]);
  await add('a');
  expect(await ahead(0)).toEqual([1, ['of a type']]);
  expect(await ahead(1)).toEqual([0, []]);
  const stop = new AbortController();
  let follows = false;
  const following = (async () => {
    for await (const _ of log.subscribe(1, { signal: stop.signal })) follows = true;
  })();
  try {
    await until(() => follows);
    pages.length = 0;
    await add('a');
    expect(await ahead(1)).toEqual([1, []]);
    await add('b');
    await add('a');
    expect(await ahead(1, 4)).toEqual([2, []]);
    // Ahead of what it follows.
    expect(await ahead(0)).toEqual([3, ['of a type']]);
    expect(await ahead(4)).toEqual([0, []]);
  } finally {
    stop.abort();
    await following;
    await log.close();
    await paged.close();
  }
});
