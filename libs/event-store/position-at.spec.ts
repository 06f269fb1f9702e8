import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../kernel/envelope.js';
import { type EventStore, UnknownPosition } from './event-store.js';
import { positionAt } from './position-at.js';

/** A log with these gaps before its events, each stored so many ms after the one before. */
function logOf(steps: readonly (readonly [gap: number, ms: number])[], isStrict: boolean) {
  let [position, at] = [0, 0];
  const events = steps.map(([gap, ms]) => {
    position += gap;
    at += ms;
    return { position, recordedAt: new Date(at).toISOString() } as RecordedEvent;
  });
  const store = {
    head: async () => position,
    async readAll(after: number, { limit }: { limit: number }) {
      // With EventStoreDB positions are places in a file.
      if (isStrict && after > 0 && !events.some((event) => event.position === after)) throw new UnknownPosition(after);
      const found = events.filter((event) => event.position > after);
      const page = found.slice(0, limit);
      return { events: page, next: page.at(-1)?.position ?? after, atHead: found.length <= limit };
    },
  } as Partial<EventStore> as EventStore;
  return { events, store };
}

it.each([false, true])(
  'finds the last event that was stored by a time, if only some positions are known: %s',
  async (strict) => {
    const step = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: -1, max: 100 }), async (steps, time) => {
        const { events, store } = logOf(steps, strict);
        const expected = events.findLast(({ recordedAt }) => Date.parse(recordedAt) <= time)?.position ?? 0;
        expect(await positionAt(store, time)).toBe(expected);
      }),
      { seed: 7, numRuns: 300 },
    );
  },
);
