import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { FakeEventStoreDB } from '../../test/support/fake-eventstoredb.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import type { EventStore, Page } from '../event-store/event-store.js';
import { PostgresEventStore } from '../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../event-store/sample-events.contract.js';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { StoreUnavailable } from '../kernel/errors.js';
import { LogTail } from './log-tail.js';
import { LogWindow } from './log-window.js';

const END = 'Ended';
const TYPES = ['Added', 'Moved', 'Removed'];
const CONSUMERS = 10;

/** A log that two processes write, and the reader of the first. */
interface World {
  store: EventStore;
  /** @param own written by the process that reads */
  append(own: boolean, types: readonly string[]): Promise<void>;
}

function latch() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Reads until the event that ends the run; `hold` delays its next page. */
function consume(tail: LogTail, after: Position, types: readonly string[] | undefined, limit: number) {
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  const started = latch();
  let gate: Promise<void> | undefined;
  const done = (async () => {
    const options = { limit, signal: stop.signal, ...(types && { types: [...types, END] }) };
    for await (const page of tail.subscribe(after, options)) {
      started.open();
      await gate;
      seen.push(...page.events);
      if (seen.at(-1)?.type === END) stop.abort();
    }
  })();
  return {
    types,
    seen,
    done,
    started: started.opened,
    hold(until: Promise<void>) {
      gate = until;
    },
  };
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      own: fc.boolean(),
      types: fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('consume' as const),
      fromStart: fc.boolean(),
      types: fc.option(fc.subarray(TYPES, { minLength: 1 }), { nil: undefined }),
      limit: fc.integer({ min: 1, max: 40 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('hold' as const, 'release' as const, 'turn' as const) }) },
);

/** Every consumer sees every event of its types exactly once and in order, however small the window. */
async function everyConsumerSeesEverything({ store, append }: World, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 25 }),
      fc.integer({ min: 1, max: 200 }),
      async (steps, events) => {
        const tail = new LogTail(store, (start) => new LogWindow(start, events));
        const first = await store.head();
        const consumers: (ReturnType<typeof consume> & { after: Position })[] = [];
        let held = latch();
        for (const one of steps) {
          if (one.kind === 'append') await append(one.own, one.types);
          else if (one.kind === 'consume') {
            const after = one.fromStart ? first : await store.head();
            consumers.push({ ...consume(tail, after, one.types, one.limit), after });
          } else if (one.kind === 'hold') consumers.at(-1)?.hold(held.opened);
          else if (one.kind === 'release') {
            held.open();
            held = latch();
          } else await new Promise((resolve) => setImmediate(resolve));
        }
        await append(true, [END]);
        held.open();
        await Promise.all(consumers.map(({ done }) => done));
        const all: RecordedEvent[] = [];
        for (let page: Page | undefined; !page?.atHead; ) {
          page = await store.readAll(page?.next ?? first);
          all.push(...page.events);
        }
        for (const { seen, types, after } of consumers) {
          const wanted = all.filter(
            (event) => event.position > after && (!types || types.includes(event.type) || event.type === END),
          );
          expect(seen.map(({ position }) => position)).toEqual(wanted.map(({ position }) => position));
        }
        await tail.close();
      },
    ),
    { numRuns },
  );
}

const times = (count: number) => Array.from({ length: count }, (_, n) => TYPES[n % TYPES.length]!);

/** Appends events while ten consumers wait at the head. */
async function tenFollow({ store, append }: World, own: boolean, batches: number, size: number): Promise<number> {
  const tail = new LogTail(store);
  const after = await store.head();
  const consumers = Array.from({ length: CONSUMERS }, (_, n) =>
    consume(tail, after, n === 0 ? undefined : TYPES.slice(n % 3), 1_000),
  );
  await Promise.all(consumers.map(({ started }) => started));
  for (let n = 0; n < batches; n++) await append(own, times(size));
  await append(own, [END]);
  await Promise.all(consumers.map(({ done }) => done));
  expect(consumers[0]!.seen).toHaveLength(batches * size + 1);
  await tail.close();
  return batches * size;
}

describe('the tail of the log on PostgreSQL', () => {
  let database: TestDatabase;
  let here: PostgresEventStore;
  let there: PostgresEventStore;
  let world: World;

  beforeAll(async () => {
    database = await createTestDatabase();
    here = new PostgresEventStore(database.connection);
    there = new PostgresEventStore(database.connection);
    world = {
      store: here,
      async append(own, types) {
        const events = types.map((type) => newEvent(type));
        await (own ? here : there).append([{ stream: `facts-${own}`, expected: 'any', events }]);
      },
    };
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    await here.close();
    await there.close();
    await database.drop();
  });

  it('passes every consumer each event of its types once and in order', () => everyConsumerSeesEverything(world, 30));

  it.each([
    ['another process appends: each is read and decoded about once', false, 1],
    ['this process appends: none is read or decoded', true, 0],
  ])('serves ten consumers from one reading when %s', async (_, own, times) => {
    const parse = jest.spyOn(JSON, 'parse');
    const query = jest.spyOn(pg.Pool.prototype, 'query');
    const events = await tenFollow(world, own, 40, 50);
    const decodings = parse.mock.calls.length / 2; // data and metadata
    const reads = query.mock.calls.filter(([asked]) =>
      /read_(all|types)/.test((asked as { name?: string }).name ?? ''),
    );
    expect(decodings).toBeGreaterThanOrEqual(times * events);
    expect(decodings).toBeLessThanOrEqual(times * events + events / 10);
    // At most one per consumer at its start, and one per append.
    expect(reads.length).toBeLessThanOrEqual(CONSUMERS + times * 45 + 5);
  });

  it('sends an idle consumer an empty page every second', async () => {
    const tail = new LogTail(here);
    const head = await here.head();
    const stop = new AbortController();
    const pages: Page[] = [];
    const begun = performance.now();
    for await (const page of tail.subscribe(head, { signal: stop.signal })) {
      pages.push(page);
      if (pages.length === 3) stop.abort();
    }
    expect(pages).toEqual(Array(3).fill({ events: [], next: head, atHead: true }));
    expect(performance.now() - begun).toBeGreaterThan(900);
    await tail.close();
  });
});

describe('the tail of the log on EventStoreDB', () => {
  let server: FakeEventStoreDB;
  const worldOf = (): World => {
    server = new FakeEventStoreDB();
    return {
      store: server.store,
      async append(own, types) {
        server.append(
          types.map((type) => newEvent(type)),
          own,
        );
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  };

  it('passes every consumer each event of its types once and in order', () =>
    everyConsumerSeesEverything(worldOf(), 60));

  it.each([
    ['another process appends', false],
    ['this process appends', true],
  ])('reads and decodes each event about once for ten consumers, with one subscription, when %s', async (_, own) => {
    const events = await tenFollow(worldOf(), own, 200, 50);
    expect(server.recordsRead + server.recordsPushed).toBeGreaterThanOrEqual(events);
    expect(server.recordsRead + server.recordsPushed).toBeLessThanOrEqual(1.3 * events);
    expect(server.mostSubscriptions).toBeLessThanOrEqual(1);
  });

  it('serves ten consumers of an idle log from one subscription, without reading pages', async () => {
    const { store, append } = worldOf();
    await append(false, times(3));
    const tail = new LogTail(store);
    const after = await store.head();
    const consumers = Array.from({ length: CONSUMERS }, () => consume(tail, after, undefined, 10));
    await Promise.all(consumers.map(({ started }) => started));
    await untilTrue(() => server.mostSubscriptions === 1);
    const { reads } = server;
    await append(false, [END]);
    await Promise.all(consumers.map(({ done }) => done));
    expect([server.reads - reads, server.recordsPushed, server.mostSubscriptions]).toEqual([0, 1, 1]);
    await tail.close();
  });
});

describe('the head of the log', () => {
  it('is asked for once for all who ask while an earlier answer is awaited, and is never older than their question', async () => {
    const server = new FakeEventStoreDB();
    const { store } = server;
    const head = store.head.bind(store);
    const { open, opened } = latch();
    let answers = 0;
    jest.spyOn(store, 'head').mockImplementation(async () => {
      const answer = await head();
      answers++;
      await opened;
      return answer;
    });
    const tail = new LogTail(store);
    const before = await head();
    const first = tail.head();
    await untilTrue(() => answers === 1);
    server.append([newEvent('Added')], false);
    const after = await head();
    expect(after).toBeGreaterThan(before);
    const later = Promise.all(Array.from({ length: 10 }, () => tail.head()));
    open();
    expect([await first, await later]).toEqual([before, Array<Position>(10).fill(after)]);
    expect(answers).toBe(2);
    await tail.close();
  });
});

describe('the tail of the log', () => {
  const event = (position: number, type = 'Added'): RecordedEvent => ({
    ...newEvent(type),
    stream: 'facts-0',
    revision: position,
    position,
    recordedAt: '2022-01-01T00:00:00.000Z',
  });

  it('ends its subscriptions at once if it is closed or a consumer stops', async () => {
    const { store } = new FakeEventStoreDB();
    const tail = new LogTail(store);
    const stop = new AbortController();
    const end = async (signal: AbortSignal) => {
      for await (const _ of tail.subscribe(0, { signal }));
    };
    const [one, other] = [end(stop.signal), end(new AbortController().signal)];
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await one;
    await tail.close();
    await other;
  });

  it('makes every consumer wait while the store is unreachable, and throws every other error', async () => {
    let failures: Error[] = [new StoreUnavailable('away')];
    const log = [event(1), event(2, END)];
    const answer = <Answer>(value: Answer): Promise<Answer> => {
      const failure = failures.shift();
      return failure ? Promise.reject(failure) : Promise.resolve(value);
    };
    const store = {
      head: () => answer(2),
      readAll: (after: Position) =>
        answer({ events: log.filter(({ position }) => position > after), next: 2, atHead: true }),
      readNext: () => answer({ events: [], next: 2, atHead: true }),
    } as unknown as EventStore;
    const waiting = consume(new LogTail(store), 0, undefined, 10);
    await waiting.done;
    expect(waiting.seen).toHaveLength(2);
    failures = [new Error('wrong')];
    await expect(consume(new LogTail(store), 2, undefined, 10).done).rejects.toThrow('wrong');
  });

  it('keeps at most the events and bytes, and always the newest page', () => {
    const window = new LogWindow(0, 100, 1_000);
    for (let n = 0; n < 20; n++) {
      const events = Array.from({ length: 10 }, (_, i) => event(n * 10 + i + 1));
      window.add({ events, next: (n + 1) * 10, atHead: true, bytes: 300 });
      expect(window.end - window.start).toBeLessThanOrEqual(30);
    }
    window.add({ events: [event(201)], next: 201, atHead: true, bytes: 5_000 });
    expect([window.start, window.end]).toEqual([200, 201]);
    expect(window.after(200, undefined, 10).events).toHaveLength(1);
  });
});

async function untilTrue(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
