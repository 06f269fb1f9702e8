import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import type { Position } from '../kernel/envelope.js';
import { eventsAt } from './event-identity.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';
import { newEvent } from './sample-events.contract.js';

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

it('finds events by id at their position, or before the given end of their write', async () => {
  const write = fc.record({ stream: fc.nat(2), events: fc.integer({ min: 1, max: 40 }), exact: fc.boolean() });
  const writes = fc.array(write, { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(writes, fc.func(fc.boolean()), fc.nat(1_000), async (given, isAsked, run) => {
      const places = new Map<string, Position>();
      for (const { stream, events: count, exact } of given) {
        const events = Array.from({ length: count }, () => newEvent());
        const [result] = await store.append([{ stream: `run${run}-${stream}`, expected: 'any', events }]);
        const { position } = result as Extract<typeof result, { position: number }>;
        for (const [n, { id }] of events.entries())
          if (isAsked(id)) places.set(id, exact ? position - count + 1 + n : position);
      }
      const found = await eventsAt(store, places);
      expect([...found.keys()].sort()).toEqual([...places.keys()].sort());
      for (const [id, event] of found) expect(event.id).toBe(id);
    }),
    { numRuns: 40 },
  );
});

it('omits ids that the log does not have', async () => {
  const [held, other] = [newEvent(), newEvent()];
  const [result] = await store.append([{ stream: 'lonely', expected: 'any', events: [held] }]);
  const { position } = result as Extract<typeof result, { position: number }>;
  const found = await eventsAt(store, new Map([held, other].map(({ id }) => [id, position])));
  expect([...found.keys()]).toEqual([held.id]);
});
