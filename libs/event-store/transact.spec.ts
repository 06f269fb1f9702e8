import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memoryLog } from '../../test/support/memory-log.js';
import { free, type Place, room, roomRules, take } from '../../test/support/room.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import type { EventOf } from '../events/event-definition.js';
import { NoOpRecorded } from '../events/no-op-recorded.js';
import { systemClock } from '../kernel/clock.js';
import type { CommandContext } from '../kernel/command-context.js';
import type { StreamKind } from '../kernel/decider.js';
import { StoreUnavailable } from '../kernel/errors.js';
import { timeOrderedIds } from '../kernel/ids.js';
import type { EventStore } from './event-store.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';
import { Transactor } from './transact.js';

const ids = timeOrderedIds(systemClock);
const context = (eventId?: string): CommandContext => ({
  actor: { kind: 'service', id: 'spec' },
  correlationid: 'c-1',
  ...(eventId ? { eventId } : {}),
});

describe('Transactor', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  const transactorOn = (on: EventStore) => new Transactor(on, ids, systemClock, roomRules);

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore(database.connection);
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  it('recognizes a repeated command that is stored under another of its types, and refuses a type that is none', async () => {
    const sent = { ...context(randomUUID()), eventType: 'Asked', storedAs: ['Taken'] };
    const transactor = transactorOn(store);
    const first = await transactor.transact(room, 'types', sent, take);
    const again = await transactorOn(store).transact(room, 'types', sent, take);
    expect(again).toMatchObject({ events: [], position: first.position });
    const other = transactorOn(store).transact(room, 'types', { ...sent, storedAs: ['Freed'] }, take);
    await expect(other).rejects.toMatchObject({ code: 'id-in-use' });
  });

  it('enforces a rule against twenty concurrent decisions in two processes', async () => {
    const other = new PostgresEventStore(database.connection);
    const transactors = [transactorOn(store), transactorOn(other)];
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => transactors[n % 2]!.transact(room, 'a', context(), take)),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(3);
    expect(await store.readStream('room-a')).toHaveLength(3);
    await other.close();
  });

  it('returns the state after the decision and its position', async () => {
    const { state, events, position } = await transactorOn(store).transact(room, 'b', context(), take);
    const [stored] = await store.readStream('room-b');
    expect(state).toBe(1);
    expect(stored).toMatchObject({
      id: events[0]!.id,
      position,
      metadata: { subject: 'room-b', correlationid: 'c-1' },
    });
  });

  it('processes an incoming event once, even if the state has changed since', async () => {
    const transactor = transactorOn(store);
    const eventId = ids.next();
    const first = await transactor.transact(room, 'c', context(eventId), take);
    await transactor.transact(room, 'c', context(), free);
    const again = await transactor.transact(room, 'c', context(eventId), take);
    expect([first.events.length, again.events.length, again.position]).toEqual([1, 0, first.position]);
    const both = ids.next();
    const atOnce = await Promise.all([1, 2].map(() => transactor.transact(room, 'd', context(both), take)));
    expect(atOnce.map((one) => one.events.length).sort()).toEqual([0, 1]);
  });

  it.each([
    ['a stream of many', 'x'],
    ['the only stream of its kind', undefined],
  ])(
    'processes each command once, however often and late it is repeated, with or without effect: %s',
    async (_, id) => {
      type Switched = { type: 'Switched'; data: { on: boolean } };
      const command = fc.record({ name: fc.integer({ min: 0, max: 4 }), transactor: fc.constantFrom(0, 1) });
      let lights = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (given) => {
          const light: StreamKind<boolean, Switched> = {
            category: `light${lights++}`,
            events: [{ type: 'Switched' }],
            initial: false,
            evolve: (_, { data }) => data.on,
          };
          const transactors = [transactorOn(store), transactorOn(store)];
          const eventIds = Array.from({ length: 5 }, () => ids.next());
          let isOn = false;
          const before = new Map<number, number>();
          for (const { name, transactor } of given) {
            const on = name % 2 === 0;
            const sent = { ...context(eventIds[name]), eventType: 'Switched', source: '/hall' };
            const { state, events, position } = await transactors[transactor]!.transact(light, id, sent, (lit) =>
              lit === on ? [] : [{ type: 'Switched', data: { on } }],
            );
            expect(events).toHaveLength(!before.has(name) && isOn !== on ? 1 : 0);
            if (!before.has(name)) isOn = on;
            expect(state).toBe(isOn);
            expect(position).toBe(before.get(name) ?? position);
            before.set(name, position);
          }
          const stream = id === undefined ? light.category : `${light.category}-${id}`;
          expect((await store.readStream(stream)).map((event) => event.id).sort()).toEqual(
            [...before.keys()].map((name) => eventIds[name]).sort(),
          );
        }),
        { numRuns: 25 },
      );
    },
  );

  it('stores the identity of a no-op: the same id from another source or for another event is rejected', async () => {
    const transactor = transactorOn(store);
    const sent = { ...context(ids.next()), eventType: 'Taken', source: '/hall' };
    const nothing = () => [];
    const { position } = await transactor.transact(room, 'i', sent, nothing);
    expect(await transactor.transact(room, 'i', sent, take)).toEqual({ state: 0, events: [], position });
    for (const other of [{ source: '/gate' }, { eventType: 'Freed' }]) {
      await expect(transactor.transact(room, 'i', { ...sent, ...other }, nothing)).rejects.toMatchObject({
        code: 'id-in-use',
      });
    }
    expect(await transactor.transact(room, 'i', context(), nothing)).toMatchObject({ events: [], position });
  });

  it('rejects an incoming event whose id belongs to one of another source or type, in this stream or elsewhere', async () => {
    const transactor = transactorOn(store);
    const eventId = ids.next();
    const sent = (more: Partial<CommandContext>) => ({
      ...context(eventId),
      eventType: 'Taken',
      source: '/hall',
      ...more,
    });
    const inUse = expect.objectContaining({ code: 'id-in-use', message: expect.stringContaining('Taken of /hall') });
    const { position } = await transactor.transact(room, 'f', sent({}), take);
    expect(await transactor.transact(room, 'f', sent({}), take)).toMatchObject({ events: [], position });
    await expect(transactor.transact(room, 'f', sent({ source: '/gate' }), take)).rejects.toEqual(inUse);
    await expect(transactor.transact(room, 'f', sent({ eventType: 'Freed' }), free)).rejects.toEqual(inUse);
    await expect(transactor.transact(room, 'g', sent({ source: '/gate' }), take)).rejects.toEqual(inUse);
    expect(await store.readStream('room-g')).toEqual([]);
  });

  it.each([
    ['a stream of an entity', room, 'h'],
    ['a single stream', { ...room, category: 'single-room' }, undefined],
  ])('recognizes a command in %s that an earlier version stored under another id', async (_, kind, id) => {
    const [former, eventId] = [ids.next(), ids.next()];
    const stream = id === undefined ? kind.category : `${kind.category}-${id}`;
    const before = await transactorOn(store).transact(kind, id, { ...context(former), source: '/hall' }, take);
    const again = { ...context(eventId), formerEventId: former, eventType: 'Taken', source: '/hall' };
    const transactor = transactorOn(store);
    for (const one of [transactor, transactor, transactorOn(store)]) {
      expect(await one.transact(kind, id, again, take)).toMatchObject({ events: [], position: before.position });
    }
    // Another source's event, or one of today's, is not the same event.
    const strange = { ...again, eventId: ids.next(), eventType: 'Freed', source: '/gate' };
    expect(await transactor.transact(kind, id, strange, free)).toMatchObject({ events: [{ type: 'Freed' }] });
    const today = { ...again, eventId: former, formerEventId: undefined, sent: { sourceid: 's-1' } };
    expect((await store.readStream(stream)).map((event) => event.id)).toEqual([former, strange.eventId]);
    await expect(transactor.transact(kind, id, { ...today, source: '/gate' }, take)).rejects.toMatchObject({
      code: 'id-in-use',
    });
  });

  it('keeps what the sender gave with the first event, and names itself as the source of the others', async () => {
    const sent = { sourceid: 'S-1', dataschema: 'https://schemas.example/taken', extensions: { tenant: 'a', tier: 2 } };
    const command = { ...context(ids.next()), eventType: 'Taken', source: '/hall', sent };
    const { events } = await transactorOn(store).transact(room, 'k', command, () => [...take(0), ...take(0)]);
    const [first, second] = events.map(({ metadata }) => metadata);
    expect(first).toMatchObject({ ...sent, source: '/hall' });
    expect(second).toMatchObject({ source: '/gatehouse' });
    expect(Object.keys(second!)).not.toEqual(expect.arrayContaining(['sourceid']));
    expect(JSON.stringify(events)).not.toMatch(/eventId|eventType|formerEventId|"sent"/);
  });

  it('completes a thousand concurrent commands on one stream, sent to two processes', async () => {
    type Rung = { type: 'Rung'; data: Record<string, never> };
    const bell: StreamKind<number, Rung> = {
      category: 'bell',
      events: [{ type: 'Rung' }],
      initial: 0,
      evolve: (rung) => rung + 1,
    };
    const other = new PostgresEventStore(database.connection);
    const transactors = [transactorOn(store), transactorOn(other)];
    const ring = (n: number) =>
      transactors[n % 2]!.transact(bell, 'a', context(ids.next()), () => [{ type: 'Rung' as const, data: {} }]);
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => ring(n)));
    expect((await transactors[0]!.load(bell, 'a')).state).toBe(1_000);
    await other.close();
  });

  it('gathers facts again before each attempt, and may write to the stream meanwhile', async () => {
    const transactor = transactorOn(store);
    const gathered: number[] = [];
    const { state } = await transactor.transact(
      room,
      'gathering',
      context(),
      (_, free) => (free ? [] : take(0)),
      async () => {
        gathered.push(gathered.length);
        if (gathered.length === 1) await transactor.transact(room, 'gathering', context(), take);
        return false;
      },
    );
    expect([state, gathered]).toEqual([2, [0]]);
    // Another process writes between the facts and the append.
    const slow = Object.create(store) as PostgresEventStore;
    slow.append = async (writes) => {
      if (gathered.length < 3) await transactor.transact(room, 'raced', context(), take);
      return store.append(writes);
    };
    const facts = async () => gathered.push(gathered.length);
    await transactorOn(slow).transact(room, 'raced', context(), (taken) => take(taken), facts);
    expect(gathered).toEqual([0, 1, 2]);
  });

  it('reads a stream from the start again if it is shorter than it was: the log was restored from a backup', async () => {
    const log = memoryLog();
    const transactor = transactorOn(log.store);
    for (let n = 0; n < 2; n++) await transactor.transact(room, 'restored', context(), take);
    log.events.length = 0;
    expect(await transactor.transact(room, 'restored', context(), take)).toMatchObject({ state: 1 });
  });

  it.each([0, 1, 2])(
    'decides by what is stored after a restore that others have followed with %s events',
    async (more) => {
      const log = memoryLog();
      const transactor = transactorOn(log.store);
      for (const decide of [take, take, take]) await transactor.transact(room, 'restored', context(), decide);
      log.events.length = 1;
      const other = transactorOn(log.store);
      for (let n = 0; n < 1 + more; n++) await other.transact(room, 'restored', context(), free);
      for (const one of [transactor, transactorOn(log.store)]) {
        expect(await one.load(room, 'restored')).toMatchObject({
          state: 0 - more,
          position: 2 + more,
          changedAt: 2 + more,
        });
      }
      expect(await transactor.transact(room, 'restored', context(), take)).toMatchObject({ state: 1 - more });
    },
  );

  describe('a kind with a single stream', () => {
    type Counted = { type: 'Counted'; data: { number: number } };
    const tally: StreamKind<number, Counted> = {
      category: 'tally',
      events: [{ type: 'Counted' }],
      initial: 0,
      evolve: (sum, { data }) => sum + data.number,
    };
    const count = (number: number) => () => [{ type: 'Counted' as const, data: { number } }];

    it('is read once, and then only its new events after the newest known one, from any process', async () => {
      const counting = Object.assign(Object.create(store), { read: 0 }) as PostgresEventStore & { read: number };
      counting.readStream = async (...asked) => {
        const events = await store.readStream(...asked);
        counting.read += events.length;
        return events;
      };
      const [here, there] = [transactorOn(counting), transactorOn(store)];
      for (let number = 1; number <= 10; number++) await there.transact(tally, undefined, context(), count(number));
      expect(await here.load(tally, undefined)).toMatchObject({ state: 55 });
      counting.read = 0;
      const { position } = await there.transact(tally, undefined, context(), count(45));
      expect(await here.load(tally, undefined)).toMatchObject({ state: 100, position, changedAt: position });
      expect(await here.transact(tally, undefined, context(), count(1))).toMatchObject({ state: 101 });
      expect(counting.read).toBe(2 + 1);
    });

    it('has come to what any reader sees, also after a command without effect', async () => {
      type Counted = Place | EventOf<typeof NoOpRecorded>;
      const events: StreamKind<number, Counted> = {
        category: 'counted',
        events: [...room.events, NoOpRecorded],
        initial: 0,
        evolve: (count) => count + 1,
      };
      const transactor = transactorOn(store);
      const seen: number[][] = [];
      for (const decided of [take(0), [], free(), []]) {
        const { state } = await transactor.transact(
          events,
          undefined,
          { ...context(ids.next()), eventType: 'Taken' },
          () => decided,
        );
        const [again, elsewhere] = [
          await transactor.load(events, undefined),
          await transactorOn(store).load(events, undefined),
        ];
        seen.push([state, again.state, elsewhere.state]);
      }
      expect(seen).toEqual([1, 2, 3, 4].map((count) => [count, count, count]));
    });

    it('processes an incoming event once, even if it was stored before the part that is read now', async () => {
      const transactor = transactorOn(store);
      const eventId = ids.next();
      const sent = { ...context(eventId), eventType: 'Counted', source: '/hall' };
      const first = await transactor.transact(tally, undefined, sent, count(1));
      const { state } = await transactor.load(tally, undefined);
      const again = await transactor.transact(tally, undefined, sent, count(1));
      expect(again).toEqual({ state, events: [], position: first.position });
      await expect(transactor.transact(tally, undefined, { ...sent, source: '/gate' }, count(1))).rejects.toEqual(
        expect.objectContaining({ code: 'id-in-use' }),
      );
    });
  });

  it('stores once if the answer of the store is lost', async () => {
    const lossy = Object.assign(Object.create(store), { lost: 0 }) as PostgresEventStore & { lost: number };
    lossy.append = async (writes) => {
      const results = await store.append(writes);
      if (lossy.lost++ === 0) throw new StoreUnavailable('the answer is lost');
      return results;
    };
    const { events, state } = await transactorOn(lossy).transact(room, 'e', context(), take);
    expect([events.length, state, (await store.readStream('room-e')).length]).toEqual([1, 1, 1]);
  });
});
