import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { until } from '../../test/support/until.js';
import { PostgresEventStore } from '../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../event-store/sample-events.contract.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import { Refusal, StoreUnavailable, Unavailable } from '../kernel/errors.js';
import { consumersProgress, parkedKeys, takeOver } from './checkpoints.js';
import type { Consumer } from './consumer.js';
import { LockSession } from './lock-session.js';
import { LogTail } from './log-tail.js';
import { Ownership } from './ownership.js';
import { Reactor } from './reactor.js';

const MINUTE_MS = 60_000;
const refused = () => new Refusal('not-now', 'a rule refuses it');
const away = () => new StoreUnavailable('the store is unreachable');

describe('a reactor', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let pool: pg.Pool;
  let locks: LockSession;
  /** `key:n` of every processed event, in order. */
  let done: string[];
  /** Throws the error that the event meets. */
  let obstacle: (event: RecordedEvent) => void;
  let reported: string[];

  beforeEach(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore(database.connection);
    pool = new pg.Pool(database.connection);
    locks = new LockSession(database.connection);
    [done, reported, obstacle] = [[], [], () => {}];
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await locks.close();
    await store.close();
    await pool.end();
    await database.drop();
  });

  const nameOf = ({ data }: RecordedEvent) => `${data.key}:${data.n}`;
  const consumer: Consumer = {
    name: 'noting',
    types: ['Noted'],
    key: (event) => String(event.data.key),
    async react(event) {
      obstacle(event);
      done.push(nameOf(event));
    },
  };
  /** The reactor of a new process. */
  const startReactor = (of = consumer) =>
    new Reactor(pool, new LogTail(store), of, new Ownership(locks, 'reactors', 1), {
      parked: (event) => reported.push(nameOf(event)),
    });
  async function restarted(of = consumer) {
    await locks.close();
    locks = new LockSession(database.connection);
    return startReactor(of);
  }
  let appended = 0;
  const append = (...keys: string[]) =>
    store.append([
      { stream: 'facts-0', expected: 'any', events: keys.map((key) => newEvent('Noted', { key, n: ++appended })) },
    ]);
  const parked = async () => (await parkedKeys(pool)).map(({ key, position }) => `${key}@${position}`);
  function minutePasses() {
    const later = performance.now() + MINUTE_MS;
    jest.spyOn(performance, 'now').mockImplementation(() => later);
  }
  beforeEach(() => {
    appended = 0;
  });

  it('processes other keys while one with many events is slow', async () => {
    const isHot = (event: RecordedEvent) => event.data.key === 'hot';
    let otherIsDone = () => {};
    const other = new Promise<void>((resolve) => {
      otherIsDone = resolve;
    });
    const reactor = startReactor({
      ...consumer,
      async react(event) {
        if (isHot(event)) await other;
        await consumer.react(event);
        if (!isHot(event)) otherIsDone();
      },
    });
    await append(...Array<string>(100).fill('hot'), 'cold');
    await reactor.processAll();
    expect(done).toEqual(['cold:101', ...Array.from({ length: 100 }, (_, n) => `hot:${n + 1}`)]);
  });

  it('processes other keys across pages while one is stuck, and moves its checkpoint to the oldest unfinished event', async () => {
    const HOT = 2_500;
    const stop = new AbortController();
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    const seen = new Map<string, () => void>();
    const whenDone = (name: string) => new Promise<void>((resolve) => seen.set(name, resolve));
    const reactor = startReactor({
      ...consumer,
      async react(event) {
        if (event.data.key === 'hot') await opened;
        await consumer.react(event);
        seen.get(nameOf(event))?.();
      },
    });
    const progress = async () => (await consumersProgress(pool)).get(reactor.name);
    await append('first', ...Array<string>(HOT).fill('hot'), 'cold');
    const [cold, last] = [whenDone(`cold:${HOT + 2}`), whenDone(`hot:${HOT + 1}`)];
    const running = reactor.run(stop.signal);
    await cold;
    expect(done).toEqual(['first:1', `cold:${HOT + 2}`]);
    await until(async () => (await progress())?.position === 1);
    const workingOn = { position: 2, type: 'Noted', key: 'hot', since: expect.any(String) };
    expect(await progress()).toEqual({ position: 1, finished: 1, isWorking: true, workingOn });
    open();
    await last;
    expect(done.slice(2)).toEqual(Array.from({ length: HOT }, (_, n) => `hot:${n + 2}`));
    stop.abort();
    await running;
    expect(await progress()).toEqual({ position: HOT + 2, finished: 0, isWorking: false });
  });

  it('processes other keys while the retry of a parked one meets a transient error', async () => {
    obstacle = ({ data }) => {
      if (data.key === 'a') throw refused();
    };
    await append('a', 'a', 'b');
    await startReactor().processAll();
    expect(await parked()).toEqual(['a@1']);
    obstacle = ({ data }) => {
      if (data.key === 'a') throw away();
    };
    await append('b', 'a');
    const [reactor, stop] = [await restarted(), new AbortController()];
    const running = reactor.run(stop.signal);
    await until(() => done.length === 2);
    stop.abort();
    await running;
    expect([done, await parked()]).toEqual([['b:3', 'b:4'], ['a@1']]);
    obstacle = () => {};
    await (await restarted()).processAll();
    expect([done.slice(2), await parked()]).toEqual([['a:1', 'a:2', 'a:5'], []]);
  });

  it('retries a transient error of one key while it processes the others', async () => {
    const stop = new AbortController();
    let failures = 0;
    obstacle = ({ data }) => {
      if (data.key === 'a' && failures++ < 1) throw away();
    };
    await append('a', 'b', 'a');
    const reactor = startReactor();
    const running = reactor.run(stop.signal);
    await until(() => done.length === 3);
    expect(done).toEqual(['b:2', 'a:1', 'a:3']);
    stop.abort();
    await running;
  });

  it('says what it retries and works on only while it runs', async () => {
    const stop = new AbortController();
    obstacle = ({ data }) => {
      if (data.key === 'a') throw away();
    };
    await append('a', 'b');
    const reactor = startReactor();
    const progress = async () => (await consumersProgress(pool)).get(reactor.name);
    const running = reactor.run(stop.signal);
    await until(async () => (await progress())?.finished === 1);
    const retrying = { position: 1, type: 'Noted', key: 'a', failures: expect.any(Number), since: expect.any(String) };
    expect(await progress()).toEqual({ position: 0, finished: 1, isWorking: false, retrying });
    stop.abort();
    await running;
    await pool.query(
      `UPDATE projections.checkpoints SET working = true, working_on = '{}', moved_at = now() - interval '1 minute'`,
    );
    expect(await progress()).toEqual({ position: 0, finished: 1, isWorking: false });
  });

  it('parks the key of a failing event, processes the others, and retries the key in order a minute later', async () => {
    const reactor = startReactor();
    obstacle = ({ data }) => {
      if (data.key === 'a') throw refused();
    };
    await append('a', 'b', 'a');
    await reactor.processAll();
    await append('a', 'b');
    await reactor.processAll();
    expect([done, await parked(), reported]).toEqual([['b:2', 'b:5'], ['a@1'], ['a:1']]);

    obstacle = () => {};
    minutePasses();
    await reactor.processAll();
    expect([done.slice(2), await parked()]).toEqual([['a:1', 'a:3', 'a:4'], []]);
    await append('a');
    await reactor.processAll();
    expect(done.at(-1)).toBe('a:6');
  });

  it.each(['it starts', 'a minute passes'])(
    'shows that it works on a parked key which it retries when %s',
    async (when) => {
      obstacle = ({ data }) => {
        if (data.key === 'a') throw refused();
      };
      const slow = new Map<string, Promise<void>>();
      const slowly: Consumer = {
        ...consumer,
        async react(event) {
          await slow.get(nameOf(event));
          await consumer.react(event);
        },
      };
      let finish = () => {};
      await append('a', 'b', 'a');
      let reactor = startReactor(slowly);
      const progress = async () => (await consumersProgress(pool)).get(reactor.name);
      let stop = new AbortController();
      let running = reactor.run(stop.signal);
      await until(async () => (await progress())?.position === 3);
      expect(await parked()).toEqual(['a@1']);

      obstacle = () => {};
      slow.set('a:3', new Promise((resolve) => (finish = resolve)));
      if (when === 'it starts') {
        stop.abort();
        await running;
        reactor = await restarted(slowly);
        stop = new AbortController();
        running = reactor.run(stop.signal);
      } else {
        const now = performance.now.bind(performance);
        jest.spyOn(performance, 'now').mockImplementation(() => now() + MINUTE_MS);
      }
      await until(async () => (await progress())?.workingOn?.position === 3);
      expect(await progress()).toEqual({
        position: 3,
        finished: 0,
        isWorking: true,
        workingOn: { position: 3, type: 'Noted', key: 'a', since: expect.any(String) },
      });
      finish();
      await until(async () => (await parked()).length === 0);
      await until(async () => !(await progress())?.isWorking);
      stop.abort();
      await running;
      expect(done).toEqual(['b:2', 'a:1', 'a:3']);
    },
  );

  it('moves a parked key to the next event that fails', async () => {
    obstacle = ({ data }) => {
      if (data.key === 'a') throw refused();
    };
    await append('a', 'a', 'a');
    await startReactor().processAll();
    obstacle = ({ data }) => {
      if (data.n === 2) throw refused();
    };
    const next = await restarted();
    await next.processAll();
    expect([done, await parked()]).toEqual([['a:1'], ['a@2']]);
  });

  it('keeps a key parked if the store fails or the process dies during its retry', async () => {
    obstacle = () => {
      throw refused();
    };
    await append('a', 'a');
    await startReactor().processAll();
    obstacle = ({ data }) => {
      if (data.n === 2) throw away();
    };
    await expect((await restarted()).processAll()).rejects.toThrow('the store is unreachable');
    expect([done, await parked()]).toEqual([['a:1'], ['a@1']]);
    obstacle = () => {};
    await (await restarted()).processAll();
    expect([done, await parked()]).toEqual([['a:1', 'a:1', 'a:2'], []]);
  });

  it.each([
    ['the store is unreachable', away()],
    ['too many concurrent decisions', new Unavailable('too-busy', 'changed 50 times')],
    ['a deadlock was resolved', Object.assign(new Error('deadlock detected'), { code: '40P01' })],
    ['two transactions conflict', Object.assign(new Error('could not serialize access'), { code: '40001' })],
    ['a statement took too long', Object.assign(new Error('canceling statement'), { code: '57014' })],
    ['the database fails over', Object.assign(new Error('read-only transaction'), { code: '25006' })],
  ])('retries a transient error and parks nothing: %s', async (_, error) => {
    obstacle = () => {
      throw error;
    };
    await append('a');
    const reactor = startReactor();
    for (let n = 0; n < 4; n++) await expect(reactor.processAll()).rejects.toBe(error);
    obstacle = () => {};
    await reactor.processAll();
    expect([done, await parked(), reported]).toEqual([['a:1'], [], []]);
  });

  it('can’t unpark a key once another process has taken over', async () => {
    obstacle = () => {
      throw refused();
    };
    await append('a');
    const reactor = startReactor();
    await reactor.processAll();
    obstacle = () => {};
    await takeOver(pool, reactor.name, [0]);
    minutePasses();
    await expect(reactor.processAll()).rejects.toThrow('taken over by another process');
    expect(await parked()).toEqual(['a@1']);
  });

  it('processes the events of each key in order, whatever fails and whenever its process dies', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('append' as const),
        keys: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }),
      }),
      // Outcomes of the consumer's next calls.
      fc.record({
        kind: fc.constant('work' as const),
        outcomes: fc.array(fc.constantFrom('well', 'refused', 'away'), { maxLength: 8 }),
      }),
      fc.record({ kind: fc.constantFrom('die' as const, 'wait' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), async (steps) => {
        const [before, first] = [await store.head(), appended];
        let reactor = await restarted();
        done = [];
        for (const one of steps) {
          if (one.kind === 'append' && one.keys.length > 0) await append(...one.keys);
          if (one.kind === 'die') reactor = await restarted();
          if (one.kind === 'wait') minutePasses();
          if (one.kind !== 'work') continue;
          const outcomes = [...one.outcomes];
          obstacle = () => {
            const outcome = outcomes.shift();
            if (outcome === 'refused') throw refused();
            if (outcome === 'away') throw away();
          };
          await reactor.processAll().catch((error) => expect(error).toBeInstanceOf(StoreUnavailable));
        }
        obstacle = () => {};
        jest.restoreAllMocks();
        await (await restarted()).processAll();
        expect(await parked()).toEqual([]);
        const expected = (await store.readAll(before)).events.map(nameOf);
        const firstTimes = [...new Set(done)];
        for (const key of ['a', 'b', 'c']) {
          const ofKey = (names: string[]) => names.filter((name) => name.startsWith(key));
          expect(ofKey(firstTimes)).toEqual(ofKey(expected));
        }
        expect(appended - first).toBe(expected.length);
      }),
      { numRuns: 12 },
    );
  });
});
