import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memoryLog } from '../../test/support/memory-log.js';
import { batched } from '../kernel/batched.js';
import { coalesced } from '../kernel/coalesced.js';
import { asOfMoment, atPresent, clockOfMoments, earlierMoment } from '../kernel/earlier-moment.js';
import type { Position } from '../kernel/envelope.js';
import { EarlierEventStore } from './earlier-event-store.js';
import type { EventStore } from './event-store.js';
import { newEvent } from './sample-events.contract.js';

const TIME = Date.parse('2022-05-18T09:00:00Z');
const at = <Result>(position: Position, work: () => Result) =>
  asOfMoment({ position, time: TIME, views: new Map() }, work);

async function logOf(streams: readonly string[]): Promise<EventStore> {
  const { store, events } = memoryLog();
  for (const stream of streams) await store.append([{ stream, expected: 'any', events: [newEvent('Noted', {})] }]);
  return { ...store, head: async () => events.length };
}

/** Everything that a reader finds. */
async function contents(store: EventStore) {
  const pages: unknown[] = [];
  for (let after = 0; ; ) {
    const { events, next, atHead } = await store.readAll(after, { limit: 2 });
    pages.push(...events);
    if (atHead)
      return {
        pages,
        next,
        head: await store.head(),
        a: await store.readStream('a'),
        b: await store.readStream('b', 1, 2),
      };
    after = next;
  }
}

it('is, as of a position, a log that ends there', async () => {
  const streams = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(streams, fc.nat(9), async (names, cut) => {
      const position = Math.min(cut, names.length);
      const whole = await logOf(names);
      const store = new EarlierEventStore(whole);
      const found = await at(position, () => contents(store));
      const { events } = await whole.readAll(0);
      const first = events.filter((event) => event.position <= position);
      expect(found).toEqual({
        ...{ pages: first, next: position, head: position },
        a: first.filter(({ stream }) => stream === 'a'),
        b: first.filter(({ stream }) => stream === 'b').slice(1, 3),
      });
      expect(await at(position, () => store.readPositions([position, position + 1]))).toEqual(first.slice(-1));
      expect(await contents(store)).toEqual(await contents(whole));
    }),
    { seed: 275, numRuns: 60 },
  );
});

it('reads the end of a stream as of a position, and a few events for that, however long the stream is', async () => {
  const streams = fc.array(fc.constantFrom('a', 'b'), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(streams, fc.nat(40), fc.integer({ min: 1, max: 5 }), async (names, cut, limit) => {
      const position = Math.min(cut, names.length);
      const whole = await logOf(names);
      let read = 0;
      const readStream: EventStore['readStream'] = async (...given) => {
        const events = await whole.readStream(...given);
        read += events.length;
        return events;
      };
      const readStreamTail: EventStore['readStreamTail'] = async (name, most) =>
        (await whole.readStream(name)).slice(-most);
      const store = new EarlierEventStore({ ...whole, readStream, readStreamTail });
      const expected = (await whole.readStream('a')).filter((event) => event.position <= position).slice(-limit);
      expect(await at(position, () => store.readStreamTail('a', limit))).toEqual(expected);
      expect(read).toBeLessThanOrEqual(limit + Math.ceil(Math.log2(names.length + 1)) + 1);
    }),
    { seed: 85, numRuns: 200 },
  );
});

it('has a clock that says what it said then', () => {
  const clock = clockOfMoments({ now: () => TIME + 5 });
  expect([clock.now(), at(1, () => clock.now()), at(1, () => atPresent(() => clock.now()))]).toEqual([
    TIME + 5,
    TIME,
    TIME + 5,
  ]);
});

it('never lets what several requests share be as of the moment of one', async () => {
  const seen: unknown[] = [];
  const asked = batched(async (keys: readonly string[]) => keys.map(() => seen.push(earlierMoment())), {
    most: 9,
    atOnce: 1,
  });
  const shared = coalesced(async () => seen.push(earlierMoment()));
  await Promise.all([at(1, () => asked('a')), asked('b'), at(1, () => shared()), shared()]);
  expect(seen).toEqual([undefined, undefined, undefined]);
});
