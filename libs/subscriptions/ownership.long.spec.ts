import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { until } from '../../test/support/until.js';
import { PostgresEventStore } from '../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../event-store/sample-events.contract.js';
import { Projector } from '../projections/projector.js';
import { Rebuilder } from '../projections/rebuilder.js';
import type { View } from '../projections/view.js';
import { ViewReader } from '../projections/view-reader.js';
import { viewTable } from '../projections/view-tables.js';
import { LockSession } from './lock-session.js';
import { LogTail } from './log-tail.js';
import { Ownership } from './ownership.js';
import { SHARDS } from './shards.js';

const sums: View<{ key: string; count: number }> = {
  name: 'test-sums',
  version: 1,
  summary: 'How many events each key had',
  types: ['Added'],
  table: { name: 'sums', key: 'key', columns: { key: { type: 'text' }, count: { type: 'int8' } } },
  keys: (event) => [String(event.data.key)],
  evolve: (row, _event, key) => ({ key, count: (row?.count ?? 0) + 1 }),
};
const views = [sums];
const KEYS = 12;

describe('ownership', () => {
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

  function startProjector() {
    const locks = new LockSession(database.connection);
    const projector = new Projector(pool, new LogTail(store), views, locks, new Rebuilder(pool, store, locks));
    const stop = new AbortController();
    const running = projector.run(stop.signal);
    return {
      projector,
      async end(inOrder: boolean) {
        if (!inOrder) await locks.close(); // like a dead process: its session is gone, but its work continues unaware
        stop.abort();
        await running;
        await locks.close();
      },
    };
  }

  let appended = 0;
  async function append(count: number) {
    const events = Array.from({ length: count }, () => newEvent('Added', { key: `key-${appended++ % KEYS}` }));
    await store.append([{ stream: 'facts-0', expected: 'any', events }]);
  }

  const positionOfView = () => new ViewReader(pool).position(sums as never);

  it('settles on one projector per shard, evenly spread, as projectors come and go, and applies nothing twice', async () => {
    const step = fc.record({ change: fc.constantFrom('come', 'go', 'die'), events: fc.integer({ min: 1, max: 300 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
        const present = [startProjector()];
        try {
          for (const { change, events } of steps) {
            await append(events);
            if (change === 'come' && present.length < 3) present.push(startProjector());
            else if (change !== 'come' && present.length > 1) await present.shift()!.end(change === 'go');
            await append(events);
            const evenly = Array.from({ length: present.length }, (_, i) => Math.floor((SHARDS + i) / present.length));
            await until(() => `${present.map(({ projector }) => projector.shardsOwned).sort()}` === `${evenly}`);
            const head = await store.head();
            await until(async () => (await positionOfView()) >= head);
            const { rows } = await pool.query(`SELECT sum(count)::int AS sum FROM ${viewTable(sums as never)}`);
            expect(rows[0].sum).toBe(appended);
          }
        } finally {
          for (const one of present) await one.end(true);
        }
      }),
      { numRuns: 4 },
    );
  });

  it('moves consumers, one at a time, to a process that joins', async () => {
    const [here, there] = [new LockSession(database.connection), new LockSession(database.connection)];
    const names = ['a', 'b', 'c'];
    const ownershipIn = (locks: LockSession) => new Ownership(locks, 'reactors', names.length);
    const [mine, theirs] = [ownershipIn(here), ownershipIn(there)];
    const keepAll = async (ownership: Ownership) => {
      const held = await Promise.all(names.map((name) => ownership.claim(name)));
      return names.filter((_, i) => held[i]);
    };
    expect(await keepAll(mine)).toEqual(names);
    mine.join();
    theirs.join();
    let [first, second]: [string[], string[]] = [[], []];
    await until(async () => {
      [first, second] = [await keepAll(mine), await keepAll(theirs)];
      return first.length + second.length === names.length && second.length > 0;
    });
    expect([...first, ...second].sort()).toEqual(names);
    expect(Math.abs(first.length - second.length)).toBe(1);
    await there.close();
    await until(async () => (await keepAll(mine)).length === names.length);
    await here.close();
  });
});
