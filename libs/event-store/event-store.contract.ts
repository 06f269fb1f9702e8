import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NewEvent } from '../kernel/envelope.js';
import type { EventStore, WriteResult } from './event-store.js';
import { readNextContract } from './read-next.contract.js';
import { appendOne, newEvent, newEvents, unique } from './sample-events.contract.js';

const placeOf = (result: WriteResult) => {
  const { revision, position } = result as Extract<WriteResult, { revision: number }>;
  return { revision, position };
};

/**
 * The contract of every adapter. It suits a strict server: streams are unique to a test, the log may hold other events,
 * positions have gaps, and only returned positions are read from. Nothing else may write meanwhile.
 * @param open opens a store of this process, and further ones like other processes; all are closed at the end
 */
export function eventStoreContract(
  name: string,
  open: () => Promise<{ connect(): EventStore; close(): Promise<void> }>,
): void {
  describe(`event store contract: ${name}`, () => {
    let world: Awaited<ReturnType<typeof open>>;
    let store: EventStore;
    const opened: EventStore[] = [];
    const connect = () => {
      const other = world.connect();
      opened.push(other);
      return other;
    };

    beforeAll(async () => {
      world = await open();
      store = connect();
    });
    afterAll(async () => {
      for (const one of opened) await one.close();
      await world.close();
    });

    describe('append', () => {
      it('numbers a stream from 0 and keeps data and metadata unchanged', async () => {
        const stream = unique('account');
        const written = [
          newEvent('Tested', { text: 'ä ☃ 𝄞 "quoted" \\ \n', deep: { list: [1, 2.5, null, true] } }),
          newEvent(),
        ];
        const result = await appendOne(store, stream, 'no-stream', written);
        expect(result).toMatchObject({ outcome: 'appended', revision: 1 });
        const read = await connect().readStream(stream);
        expect(placeOf(result)).toEqual({ revision: 1, position: read[1]!.position });
        expect(read.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))).toEqual(written);
        expect(read.map((event) => [event.stream, event.revision])).toEqual([
          [stream, 0],
          [stream, 1],
        ]);
        expect(read[1]!.position).toBeGreaterThan(read[0]!.position);
        expect(Date.parse(read[0]!.recordedAt)).toBeGreaterThan(0);
      });

      it('rejects a revision that is not the newest, and returns the newest', async () => {
        const stream = unique('account');
        await appendOne(store, stream, 'no-stream', newEvents(3));
        const wrong = { outcome: 'wrong-expected-revision', actual: 2 };
        expect(await appendOne(store, stream, 1, newEvents(1))).toEqual(wrong);
        expect(await appendOne(store, stream, 3, newEvents(1))).toEqual(wrong);
        expect(await appendOne(store, stream, 'no-stream', newEvents(1))).toEqual(wrong);
        expect(await appendOne(store, unique('account'), 0, newEvents(1))).toEqual({ ...wrong, actual: 'no-stream' });
        expect(await store.readStream(stream)).toHaveLength(3);
      });

      it('returns an outcome per stream of a call', async () => {
        const [good, bad, alsoGood] = [unique('account'), unique('account'), unique('account')];
        const results = await store.append([
          { stream: good, expected: 'no-stream', events: newEvents(2) },
          { stream: bad, expected: 7, events: newEvents(1) },
          { stream: alsoGood, expected: 'any', events: newEvents(1) },
        ]);
        expect(results.map((result) => result.outcome)).toEqual(['appended', 'wrong-expected-revision', 'appended']);
        expect(await store.readStream(bad)).toEqual([]);
        expect(await store.readStream(good)).toHaveLength(2);
      });

      it('stores a repeat of the same ids at the same revision once and returns the original position', async () => {
        const stream = unique('account');
        const first = newEvents(2);
        const second = newEvents(2);
        const placed = [await appendOne(store, stream, 'no-stream', first), await appendOne(store, stream, 1, second)];
        await appendOne(store, stream, 3, newEvents(5));
        const repeat = async (expected: number | 'no-stream', events: NewEvent[], original: WriteResult) =>
          expect(await appendOne(connect(), stream, expected, events)).toMatchObject({
            outcome: 'already-appended',
            ...placeOf(original),
          });
        await repeat('no-stream', first, placed[0]!);
        await repeat(1, second, placed[1]!);
        expect(await store.readStream(stream)).toHaveLength(9);
      });

      it('detects a repeat without a check of the revision', async () => {
        const stream = unique('account');
        const events = newEvents(2);
        const first = await appendOne(store, stream, 'any', events);
        await appendOne(store, stream, 1, newEvents(1));
        const again = await appendOne(connect(), stream, 'any', events);
        expect(again).toMatchObject({ outcome: 'already-appended', ...placeOf(first) });
        expect(await store.readStream(stream)).toHaveLength(3);
      });

      it('does not mistake a longer batch that starts with known events for a repeat', async () => {
        const stream = unique('account');
        const first = newEvents(1);
        await appendOne(store, stream, 'no-stream', first);
        expect((await appendOne(store, stream, 'no-stream', [...first, newEvent()])).outcome).toBe(
          'wrong-expected-revision',
        );
        expect(await store.readStream(stream)).toHaveLength(1);
      });

      it('lets one of twenty writers at the same revision win', async () => {
        const stream = unique('account');
        await appendOne(store, stream, 'no-stream', newEvents(1));
        const stores = [store, connect(), connect(), connect()];
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, n) => appendOne(stores[n % stores.length]!, stream, 0, newEvents(1))),
        );
        expect(results.filter((result) => result.outcome === 'appended')).toHaveLength(1);
        expect(results.filter((result) => result.outcome === 'wrong-expected-revision')).toHaveLength(19);
      });

      it('keeps the order of a caller that appends without waiting', async () => {
        const stream = unique('facts');
        const batches = Array.from({ length: 20 }, () => newEvents(3));
        await Promise.all(
          batches.map((events, n) => appendOne(store, stream, n === 0 ? 'no-stream' : n * 3 - 1, events)),
        );
        expect((await store.readStream(stream)).map((event) => event.id)).toEqual(
          batches.flat().map((event) => event.id),
        );
      });

      it('refuses an id that is not a UUID, and names the field', async () => {
        const [stream, other] = [unique('account'), unique('account')];
        const events = [newEvent(), newEvent('Tested', {}, 'img-1')];
        const [refused, stored] = await Promise.allSettled([
          appendOne(store, stream, 'any', events),
          appendOne(store, other, 'any', newEvents(1)),
        ]);
        expect(refused).toMatchObject({
          reason: {
            code: 'invalid-input',
            message: 'id of a Tested is "img-1", which is not a UUID: give the event a UUID',
            details: { errors: [{ field: 'id' }] },
            eventIds: new Set(['img-1']),
          },
        });
        expect(stored).toMatchObject({ value: { outcome: 'appended' } });
        expect(await store.readStream(stream)).toEqual([]);
      });

      it('returns at once for an empty call', async () => {
        expect(await store.append([])).toEqual([]);
      });
    });

    describe('reading a stream', () => {
      it('returns no events for a stream that does not exist', async () => {
        expect(await store.readStream(unique('account'))).toEqual([]);
        expect(await store.readStreamTail(unique('account'), 5)).toEqual([]);
      });

      it('reads from a revision, up to a limit, across its own pages, and from the end', async () => {
        const stream = unique('facts');
        for (let n = 0; n < 3; n++) await appendOne(store, stream, n === 0 ? 'no-stream' : n * 500 - 1, newEvents(500));
        const revisions = async (...range: [number, number?]) =>
          (await store.readStream(stream, ...range)).map((e) => e.revision);
        expect(await revisions(0)).toEqual(Array.from({ length: 1500 }, (_, n) => n));
        expect(await revisions(498, 5)).toEqual([498, 499, 500, 501, 502]);
        expect(await revisions(1500)).toEqual([]);
        expect((await store.readStreamTail(stream, 2)).map((e) => e.revision)).toEqual([1498, 1499]);
      });
    });

    describe('reading everything', () => {
      it('pages after a position without gap or repeat, whatever the page size', async () => {
        const start = await store.head();
        const streams = Array.from({ length: 5 }, () => unique('account'));
        for (const stream of streams) await appendOne(store, stream, 'no-stream', newEvents(7));
        const whole = (await connect().readAll(start, { limit: 10_000 })).events.map((event) => event.id);
        expect(whole).toHaveLength(35);
        await fc.assert(
          fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.boolean(), async (limit, warm) => {
            const reader = warm ? store : opened.at(-1)!;
            const seen: string[] = [];
            for (let after = start; ; ) {
              const page = await reader.readAll(after, { limit });
              expect(page.events.length).toBeLessThanOrEqual(limit);
              seen.push(...page.events.map((event) => event.id));
              if (page.next === after) break;
              after = page.next;
            }
            expect(seen).toEqual(whole);
          }),
          { numRuns: 15 },
        );
      });

      it('includes the event at the position on request', async () => {
        const stream = unique('account');
        await appendOne(store, stream, 'no-stream', newEvents(3));
        const [, second] = await store.readStream(stream);
        for (const reader of [store, connect()]) {
          const revisions = async (including: boolean) =>
            (await reader.readAll(second!.position, { including })).events.map((event) => event.revision);
          expect(await revisions(true)).toEqual([1, 2]);
          expect(await revisions(false)).toEqual([2]);
        }
      });

      it('reads the events at positions, in the order of the positions', async () => {
        const streams = [unique('account'), unique('facts')];
        for (const stream of streams) await appendOne(store, stream, 'no-stream', newEvents(20));
        const [one, other] = await Promise.all(streams.map((stream) => store.readStream(stream)));
        const wanted = [other![3]!, one![19]!, other![0]!, one![0]!];
        for (const reader of [store, connect()]) {
          expect(await reader.readPositions(wanted.map(({ position }) => position))).toEqual(wanted);
          expect(await reader.readPositions([])).toEqual([]);
        }
      });

      it('keeps the time when a copied event was first stored', async () => {
        const start = await store.head();
        const recordedat = '2024-02-29T12:00:00.123Z';
        const event = newEvent();
        const copy = { ...event, metadata: { ...event.metadata, recordedat } };
        await appendOne(store, unique('account'), 'no-stream', [copy]);
        for (const reader of [store, connect()]) {
          expect((await reader.readAll(start)).events[0]).toMatchObject({ recordedAt: recordedat });
        }
      });

      it('returns only the requested types and still moves past the others', async () => {
        const start = await store.head();
        const rare = unique('Rare').replaceAll('-', '');
        await appendOne(store, unique('account'), 'no-stream', [...newEvents(20), newEvent(rare), ...newEvents(20)]);
        for (const reader of [store, connect()]) {
          const page = await reader.readAll(start, { types: [rare] });
          expect(page.events.map((event) => event.type)).toEqual([rare]);
          expect(page.next).toBeGreaterThan(page.events[0]!.position);
        }
      });

      it('reports that it is at the head', async () => {
        await appendOne(store, unique('account'), 'no-stream', newEvents(1));
        const head = await store.head();
        expect(await connect().readAll(head)).toEqual({ events: [], next: head, atHead: true });
      });
    });

    readNextContract(() => ({ store, connect }));
  });
}
