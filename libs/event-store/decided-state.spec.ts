import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { free, room, roomRules, take } from '../../test/support/room.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { systemClock } from '../kernel/clock.js';
import type { CommandContext } from '../kernel/command-context.js';
import { timeOrderedIds } from '../kernel/ids.js';
import type { EventStore } from './event-store.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';
import { type Load, Transactor } from './transact.js';

const context = (): CommandContext => ({ actor: { kind: 'service', id: 'spec' }, correlationid: 'c-1' });

let database: TestDatabase;
let store: PostgresEventStore;
const transactorOn = (on: EventStore) => new Transactor(on, timeOrderedIds(systemClock), systemClock, roomRules);

beforeAll(async () => {
  database = await createTestDatabase();
  store = new PostgresEventStore(database.connection);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

describe('a decision whose facts are read with its state', () => {
  /** Counts reads. */
  class CountingStore extends PostgresEventStore {
    reads = 0;
    override readStream(stream: string, from?: number, limit?: number) {
      this.reads++;
      return super.readStream(stream, from, limit);
    }
  }
  let counting: CountingStore;
  beforeAll(() => {
    counting = new CountingStore(database.connection);
  });
  afterAll(() => counting.close());

  it('is about that state, which is read once', async () => {
    const seen: number[][] = [];
    const facts = async (load: Load<number>) => [await load()];
    for (let n = 0; n < 3; n++) {
      const decide = (taken: number, [read]: number[]) => {
        seen.push([taken, read!]);
        return take(taken);
      };
      await transactorOn(counting).transact(room, 'read-once', context(), decide, facts);
    }
    expect(seen).toEqual([0, 1, 2].map((taken) => [taken, taken]));
    expect(counting.reads).toBe(3);
  });

  // What this process has stored is known to it; what another has, only once the append fails.
  it.each([
    ['here', { isHere: true, gathered: [0], seen: [1] }],
    ['elsewhere', { isHere: false, gathered: [0, 1], seen: [0, 1] }],
  ])('is about the newest state if the stream has grown since: %s', async (name, { isHere, ...expected }) => {
    const here = transactorOn(counting);
    const others = [isHere ? here : transactorOn(store)];
    const [seen, gathered]: [number[], number[]] = [[], []];
    const decide = (taken: number) => {
      seen.push(taken);
      return take(taken);
    };
    const { state } = await here.transact(room, name, context(), decide, async (load: Load<number>) => {
      gathered.push(await load());
      await others.shift()?.transact(room, name, context(), take);
    });
    expect({ state, gathered, seen }).toEqual({ state: 2, ...expected });
  });

  it('is about the stream as the command saw it before, which is read again only if its append fails', async () => {
    const here = transactorOn(counting);
    const { seen } = await here.load(room, 'seen');
    const before = counting.reads;
    const first = await here.transact(room, 'seen', context(), take, undefined, seen);
    const second = await here.transact(room, 'seen', context(), take, undefined, first.seen);
    expect([second.state, counting.reads]).toEqual([2, before]);
    await transactorOn(store).transact(room, 'seen', context(), take);
    const decided: number[] = [];
    const late = here.transact(
      room,
      'seen',
      context(),
      (state) => {
        decided.push(state);
        return take(state);
      },
      undefined,
      second.seen,
    );
    await expect(late).rejects.toMatchObject({ code: 'room-full' });
    expect([decided, counting.reads]).toEqual([[2, 3], before + 1]);
  });

  it('recognizes a command that was stored after the command saw the stream', async () => {
    const here = transactorOn(counting);
    const sent = { ...context(), eventId: randomUUID() };
    const { seen } = await here.load(room, 'seen-repeat');
    const first = await transactorOn(store).transact(room, 'seen-repeat', sent, take);
    const again = await here.transact(room, 'seen-repeat', sent, take, undefined, seen);
    expect(again).toMatchObject({ state: 1, events: [], position: first.position });
  });

  it('refuses by the state as it was during the command', async () => {
    for (let n = 0; n < 3; n++) await transactorOn(store).transact(room, 'full', context(), take);
    const full = transactorOn(counting).transact(room, 'full', context(), take, async (load: Load<number>) => {
      await load();
      await transactorOn(store).transact(room, 'full', context(), free);
    });
    await expect(full).rejects.toMatchObject({ code: 'room-full' });
  });
});
