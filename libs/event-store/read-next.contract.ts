import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '../kernel/envelope.js';
import type { EventStore, Page } from './event-store.js';
import { appendOne, newEvents, unique } from './sample-events.contract.js';

const WAIT_MS = 1_000;
const { signal } = new AbortController();

/** Reads on like a consumer until `enough` returns true; the store itself waits. */
async function follow(
  store: EventStore,
  after: number,
  enough: (seen: RecordedEvent[], page: Page) => unknown,
  limit?: number,
) {
  const seen: RecordedEvent[] = [];
  const pages: Page[] = [];
  for (let next = after, isEnough = false; !isEnough; ) {
    const page = await store.readNext(next, { waitMs: WAIT_MS, signal, ...(limit !== undefined && { limit }) });
    expect(page.events.every(({ position }) => position > next && position <= page.next)).toBe(true);
    expect(page.events.length).toBeLessThanOrEqual(limit ?? Number.POSITIVE_INFINITY);
    next = page.next;
    pages.push(page);
    seen.push(...page.events);
    isEnough = Boolean(await enough(seen, page));
  }
  return { seen, pages };
}

/** @param world gives the store under test, and further ones like other processes */
export function readNextContract(world: () => { store: EventStore; connect(): EventStore }): void {
  describe('reading what comes next', () => {
    let { store, connect } = {} as ReturnType<typeof world>;
    beforeAll(() => {
      ({ store, connect } = world());
    });

    it('returns stored events, then new ones, of this process and of others', async () => {
      const start = await store.head();
      const stream = unique('account');
      await appendOne(store, stream, 'no-stream', newEvents(3));
      for (const [reader, revision] of [
        [connect(), 2],
        [store, 4],
      ] as const) {
        let appended = false;
        const { seen, pages } = await follow(reader, start, (events) => {
          if (events.length === revision + 1 && !appended) {
            appended = true;
            void appendOne(store, stream, revision, newEvents(2));
          }
          return events.length >= revision + 3;
        });
        expect(seen.map((event) => event.revision)).toEqual(Array.from({ length: revision + 3 }, (_, n) => n));
        expect(pages.at(-1)!.next).toBe(seen.at(-1)!.position);
      }
    });

    it('returns an empty page once the wait is over and the log has nothing new', async () => {
      await appendOne(store, unique('account'), 'no-stream', newEvents(1));
      const head = await store.head();
      for (const reader of [store, connect()]) {
        const { pages } = await follow(reader, head, (_, page) => page.atHead && page.events.length === 0);
        expect(pages.at(-1)).toMatchObject({ events: [], next: head, atHead: true });
      }
    });

    it('returns at once if its signal aborts', async () => {
      const head = await store.head();
      const stop = new AbortController();
      const waiting = store.readNext(head, { waitMs: 600_000, signal: stop.signal });
      stop.abort();
      expect((await waiting).events).toEqual([]);
    });

    it('reads on without waiting while there is more', async () => {
      const start = await store.head();
      await appendOne(store, unique('facts'), 'no-stream', newEvents(100));
      const reader = connect();
      const stop = new AbortController();
      const seen: RecordedEvent[] = [];
      for (let next = start; seen.length < 100; ) {
        const page = await reader.readNext(next, { limit: 7, waitMs: 600_000, signal: stop.signal });
        next = page.next;
        seen.push(...page.events);
      }
      expect(seen.map((event) => event.revision)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    });

    it('loses nothing for a reader with small pages that is slower than the writers', async () => {
      const start = await store.head();
      const stream = unique('facts');
      const wanted: string[] = [];
      let rounds = 0;
      const { seen } = await follow(
        connect(),
        start,
        async (events) => {
          if (++rounds <= 40) {
            const more = newEvents(40);
            await appendOne(store, stream, wanted.length === 0 ? 'no-stream' : wanted.length - 1, more);
            wanted.push(...more.map((event) => event.id));
          }
          return rounds > 40 && events.length >= wanted.length;
        },
        7,
      );
      expect(seen.map((event) => event.id)).toEqual(wanted);
    });

    it('shows 8 concurrent writers of two processes to a tailing reader exactly once and in order', async () => {
      const start = await store.head();
      const writers = 8;
      const rounds = 40;
      const size = 5;
      const stores = [store, connect()];
      const wanted = writers * rounds * size;
      const readers = [connect(), store].map((reader) => follow(reader, start, (seen) => seen.length >= wanted));
      const written = await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          const stream = unique('facts');
          const mine: string[] = [];
          for (let round = 0; round < rounds; round++) {
            const events = newEvents(size);
            const expected = round === 0 ? 'no-stream' : round * size - 1;
            const result = await appendOne(stores[writer % 2]!, stream, expected, events);
            expect(result.outcome).toBe('appended');
            mine.push(...events.map((event) => event.id));
          }
          return { stream, mine };
        }),
      );
      for (const { seen } of await Promise.all(readers)) {
        expect(seen).toHaveLength(wanted);
        expect(seen.every((event, n) => n === 0 || event.position > seen[n - 1]!.position)).toBe(true);
        for (const { stream, mine } of written) {
          expect(seen.filter((event) => event.stream === stream).map((event) => event.id)).toEqual(mine);
        }
      }
    });
  });
}
