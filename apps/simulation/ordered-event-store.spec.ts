import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { OrderedEventStore } from './ordered-event-store.js';

let database: TestDatabase;
let store: OrderedEventStore;
beforeEach(async () => {
  database = await createTestDatabase();
  store = new OrderedEventStore(new PostgresEventStore(database.connection));
});
afterEach(async () => {
  await store.close();
  await database.drop();
});

const append = (stream: string) => store.append([{ stream, expected: 'any', events: [newEvent()] }]);

const turns = async (count: number) => {
  for (let n = 0; n < count; n++) await setImmediate();
};

describe('OrderedEventStore', () => {
  it('appends to the streams of work in the order in which it was started, however long each takes', async () => {
    let run = 0;
    const piece = fc.record({ delay: fc.nat(9), ends: fc.constantFrom('early', 'with an error', 'with an append') });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
        const prefix = `account-${++run}`;
        const before = await store.head();
        const work = pieces.map(({ delay, ends }, n) =>
          store.inTurn(`${prefix}-${n}`, async () => {
            await turns(delay);
            if (ends === 'with an error') throw new Error('as planned');
            await append(`person-${run}-${n}`);
            await turns(delay);
            if (ends === 'with an append') await append(`${prefix}-${n}`);
          }),
        );
        await Promise.allSettled(work);
        const { events } = await store.readAll(before);
        const found = events.map(({ stream }) => stream).filter((stream) => stream.startsWith(prefix));
        const wanted = pieces.flatMap(({ ends }, n) => (ends === 'with an append' ? [`${prefix}-${n}`] : []));
        expect(found).toEqual(wanted);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('keeps no append to another stream waiting', async () => {
    let end!: () => void;
    const first = store.inTurn('account-first', () => new Promise<void>((resolve) => (end = resolve)));
    await append('account-outside');
    await store.inTurn('account-second', () => append('person-inside'));
    end();
    await first;
    expect(await store.head()).toBe(2);
  });
});
