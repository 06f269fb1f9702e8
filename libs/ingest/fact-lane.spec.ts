import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { type EventStore, StreamGone, type StreamWrite, WriteTooLarge } from '../event-store/event-store.js';
import { PostgresEventStore } from '../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../event-store/sample-events.contract.js';
import { systemClock } from '../kernel/clock.js';
import type { NewEvent } from '../kernel/envelope.js';
import { StoreUnavailable } from '../kernel/errors.js';
import { timeOrderedIds } from '../kernel/ids.js';
import { FactLane, type FactOutcome } from './fact-lane.js';

const ids = timeOrderedIds(systemClock);
const newStream = () => `facts-${ids.next()}`;
const facts = (count: number) => Array.from({ length: count }, () => newEvent());

let database: TestDatabase;
let store: PostgresEventStore;
let otherStore: PostgresEventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  store = new PostgresEventStore(database.connection);
  otherStore = new PostgresEventStore(database.connection);
});
afterAll(async () => {
  await store.close();
  await otherStore.close();
  await database.drop();
});

/** A real store whose next appends fail as listed: their answers are lost, or they never arrive. */
function breaking(faults: ('answer-lost' | 'not-arrived')[]): EventStore {
  return Object.assign(Object.create(store) as PostgresEventStore, {
    append: async (writes: readonly StreamWrite[]) => {
      const fault = faults.shift();
      if (fault === 'not-arrived') throw new StoreUnavailable('did not arrive');
      const results = await store.append(writes);
      if (fault === 'answer-lost') throw new StoreUnavailable('the answer is lost');
      return results;
    },
  });
}

/** Every id is stored once, at the position of its outcome. */
async function checkStored(stream: string, given: NewEvent[], outcomes: FactOutcome[]): Promise<void> {
  const stored = await store.readStream(stream);
  expect(stored.map((event) => event.id).sort()).toEqual([...new Set(given.map(({ id }) => id))].sort());
  const places = new Map(stored.map(({ id, position }) => [id, position]));
  expect(outcomes.map(({ position }) => position)).toEqual(given.map(({ id }) => places.get(id)));
}

const accepted = (outcomes: FactOutcome[]) => outcomes.filter(({ outcome }) => outcome === 'accepted').length;

describe('FactLane', () => {
  it('stores facts in order, with data and metadata, and returns their positions', async () => {
    const lane = new FactLane(store, newStream());
    const given = facts(5);
    const outcomes = await lane.append(given);
    const stored = await store.readStream(lane.stream);
    expect(stored.map(({ id, data, metadata }) => ({ id, data, metadata }))).toEqual(
      given.map(({ id, data, metadata }) => ({ id, data, metadata })),
    );
    expect(outcomes).toEqual(stored.map(({ position }) => ({ outcome: 'accepted', position })));
  });

  it('returns no outcomes for no facts', async () => {
    expect(await new FactLane(store, newStream()).append([])).toEqual([]);
  });

  it('appends after the events that the stream has already', async () => {
    const stream = newStream();
    await new FactLane(store, stream).append(facts(3));
    await new FactLane(otherStore, stream).append(facts(2));
    expect((await store.readStream(stream)).map((event) => event.revision)).toEqual([0, 1, 2, 3, 4]);
  });

  it('keeps the order of callers that do not wait for each other', async () => {
    const lane = new FactLane(store, newStream());
    const given = Array.from({ length: 40 }, () => facts(3));
    const outcomes = await Promise.all(given.map((some) => lane.append(some)));
    expect((await store.readStream(lane.stream)).map(({ id }) => id)).toEqual(given.flat().map(({ id }) => id));
    await checkStored(lane.stream, given.flat(), outcomes.flat());
  });

  it('accepts more facts than one batch holds', async () => {
    const lane = new FactLane(store, newStream());
    const given = [facts(1_500), facts(1_500), facts(2_100)];
    const outcomes = await Promise.all(given.map((some) => lane.append(some)));
    await checkStored(lane.stream, given.flat(), outcomes.flat());
  });

  it('splits writes that are too large for the store, and refuses only a fact that is too large alone', async () => {
    const written: number[] = [];
    const narrow = Object.assign(Object.create(store) as PostgresEventStore, {
      append: async (writes: readonly StreamWrite[]) => {
        const { events } = writes[0]!;
        if (events.length > 30 || events.some(({ data }) => data.large)) throw new WriteTooLarge('too large');
        written.push(events.length);
        return store.append(writes);
      },
    });
    const lane = new FactLane(narrow, newStream());
    const [large, neighbour] = [newEvent('Tested', { large: true }), newEvent()];
    const given = [facts(250), facts(3), facts(400)];
    const outcomes = (await Promise.all([...given, [neighbour, large]].map((some) => lane.append(some)))).flat();
    expect(outcomes.pop()).toMatchObject({ outcome: 'refused', error: expect.any(WriteTooLarge) });
    const stored = await store.readStream(lane.stream);
    expect(stored.map(({ id }) => id)).toEqual([...given.flat(), neighbour].map(({ id }) => id));
    expect(outcomes.map(({ position }) => position)).toEqual(stored.map(({ position }) => position));
    expect(written.length).toBeLessThan(100);
  });

  it('returns the original position for a repeat in one call, in one batch and later', async () => {
    const lane = new FactLane(store, newStream());
    const [a, b, c] = facts(3) as [NewEvent, NewEvent, NewEvent];
    const [first, second] = await Promise.all([lane.append([a, b, a]), lane.append([b, c])]);
    const third = await lane.append([c, a, b]);
    const outcomes = [...first, ...second, ...third];
    await checkStored(lane.stream, [a, b, a, b, c, c, a, b], outcomes);
    expect(outcomes.map(({ outcome }) => outcome === 'accepted')).toEqual([
      true,
      true,
      false,
      false,
      true,
      ...Array(3).fill(false),
    ]);
  });

  it('returns the original position for a fact in another stream, and stores the others', async () => {
    const [lane, other] = [new FactLane(store, newStream()), new FactLane(store, newStream())];
    const [a, b, c] = facts(3) as [NewEvent, NewEvent, NewEvent];
    const [original] = await other.append([b]);
    const outcomes = await lane.append([a, b, c]);
    expect(outcomes[1]).toEqual({ outcome: 'duplicate', position: original!.position });
    await checkStored(lane.stream, [a, c], [outcomes[0]!, outcomes[2]!]);
    expect(accepted(outcomes)).toBe(2);
  });

  it('reports a whole batch as duplicate if another writer of the lane has just stored it', async () => {
    const stream = newStream();
    const [lane, other] = [new FactLane(store, stream), new FactLane(otherStore, stream)];
    await lane.append(facts(1));
    const given = facts(2);
    const originals = [...(await other.append([given[0]!]))];
    await store.append([{ stream: newStream(), expected: 'any', events: facts(3) }]);
    originals.push(...(await other.append([given[1]!])));
    expect(await lane.append(given)).toEqual(originals.map(({ position }) => ({ outcome: 'duplicate', position })));
    const [next] = await lane.append(facts(1));
    expect(next).toEqual({ outcome: 'accepted', position: originals[1]!.position + 1 });
  });

  it('loses and repeats nothing if two processes write one lane at once', async () => {
    const lane = fc.nat(1);
    const delivery = fc.record({ lane, picks: fc.array(fc.nat(11), { minLength: 1, maxLength: 6 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { minLength: 2, maxLength: 12 }), async (deliveries) => {
        const stream = newStream();
        const lanes = [new FactLane(store, stream), new FactLane(otherStore, stream)];
        const known = facts(12);
        const given = deliveries.map(({ picks }) => [...new Set(picks)].map((pick) => known[pick]!));
        const outcomes = await Promise.all(given.map((some, n) => lanes[deliveries[n]!.lane]!.append(some)));
        await checkStored(stream, given.flat(), outcomes.flat());
        expect(accepted(outcomes.flat())).toBe(new Set(given.flat()).size);
      }),
      { numRuns: 40 },
    );
  });

  it('orders many batches of two processes by exact revision', async () => {
    const stream = newStream();
    const lanes = [new FactLane(store, stream), new FactLane(otherStore, stream)];
    const given: NewEvent[] = [];
    const outcomes: FactOutcome[] = [];
    await Promise.all(
      lanes.map(async (lane) => {
        for (let batch = 0; batch < 40; batch++) {
          const some = facts(4);
          const answers = await lane.append(some);
          given.push(...some);
          outcomes.push(...answers);
        }
      }),
    );
    await checkStored(stream, given, outcomes);
    expect(accepted(outcomes)).toBe(320);
  });

  describe('on a store that fails', () => {
    it('stores facts once if answers are lost, and reports them as accepted', async () => {
      const lane = new FactLane(breaking(['answer-lost', 'answer-lost']), newStream());
      const given = facts(3);
      const outcomes = await lane.append(given);
      await checkStored(lane.stream, given, outcomes);
      expect(accepted(outcomes)).toBe(3);
    });

    it('rejects if it can’t learn the outcome; a retry returns the stored positions', async () => {
      const lane = new FactLane(breaking(['answer-lost', 'answer-lost', 'answer-lost']), newStream());
      const given = facts(3);
      await expect(lane.append(given)).rejects.toThrow(StoreUnavailable);
      const outcomes = await lane.append(given);
      await checkStored(lane.stream, given, outcomes);
      expect(accepted(outcomes)).toBe(0);
    });

    it('stores facts once under any mix of faults, with retries until each has an outcome', async () => {
      const fault = fc.constantFrom('answer-lost' as const, 'not-arrived' as const);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fault, { maxLength: 12 }),
          fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
          async (faults, sizes) => {
            const lane = new FactLane(breaking([...faults]), newStream());
            const given = sizes.map(facts);
            const answers = await Promise.all(given.map((some) => untilAnswered(lane, some)));
            await checkStored(lane.stream, given.flat(), answers.flat());
          },
        ),
        { numRuns: 40 },
      );
    });

    it('rejects waiting facts at once if the store is unreachable, and stores later ones', async () => {
      let asked = 0;
      const away = Object.assign(Object.create(store) as PostgresEventStore, {
        append: async () => {
          asked++;
          throw new StoreUnavailable('away');
        },
      });
      const stream = newStream();
      const lane = new FactLane(away, stream);
      const refused = await Promise.allSettled(Array.from({ length: 8 }, () => lane.append(facts(1_500))));
      expect(refused.filter(({ status }) => status === 'rejected')).toHaveLength(8);
      expect(asked).toBeLessThan(8);
      Object.assign(away, { append: (writes: readonly StreamWrite[]) => store.append(writes) });
      const given = facts(3);
      await checkStored(stream, given, await lane.append(given));
    });

    it('reports a deleted stream as an unreachable store, since no fact is at fault', async () => {
      const gone = Object.assign(Object.create(store) as PostgresEventStore, {
        append: () => Promise.reject(new StreamGone('tombstoned')),
      });
      const stream = newStream();
      const refused = new FactLane(gone, stream).append(facts(1));
      await expect(refused).rejects.toThrow(StoreUnavailable);
      await expect(refused).rejects.toThrow(`${stream} can't store facts any more (tombstoned)`);
    });

    it('rejects callers while too many facts wait, and stores all accepted ones', async () => {
      let arrive = () => {};
      const arrived = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const slow = Object.assign(Object.create(store) as PostgresEventStore, {
        append: async (writes: readonly StreamWrite[]) => {
          await arrived;
          return store.append(writes);
        },
      });
      const lane = new FactLane(slow, newStream());
      const given = Array.from({ length: 30 }, () => facts(1_000));
      const answers = Promise.allSettled(given.map((some) => lane.append(some)));
      arrive();
      const taken = (await answers).map((answer, n) => ({ answer, some: given[n]! }));
      const refused = taken.filter(({ answer }) => answer.status === 'rejected');
      expect(refused.length).toBeGreaterThan(5);
      for (const { answer } of refused)
        expect(answer).toMatchObject({ reason: { code: 'too-busy', kind: 'unavailable' } });
      const stored = taken.flatMap(({ answer, some }) => (answer.status === 'fulfilled' ? [{ answer, some }] : []));
      await checkStored(
        lane.stream,
        stored.flatMap(({ some }) => some),
        stored.flatMap(({ answer }) => answer.value),
      );
      const later = facts(1);
      expect(await lane.append(later)).toMatchObject([{ outcome: 'accepted' }]);
    });

    it('rejects only the callers of the batch, with the original error, if the store is reachable', async () => {
      const broken = Object.assign(Object.create(store) as PostgresEventStore, {
        append: async (writes: readonly StreamWrite[]) => {
          if (writes[0]!.events.some(({ type }) => type === 'Poison')) throw new Error('poison');
          return store.append(writes);
        },
      });
      const lane = new FactLane(broken, newStream());
      await expect(lane.append([newEvent('Poison')])).rejects.toThrow('poison');
      const given = facts(2);
      await checkStored(lane.stream, given, await lane.append(given));
    });
  });
});

async function untilAnswered(lane: FactLane, some: NewEvent[]): Promise<FactOutcome[]> {
  for (;;) {
    try {
      return await lane.append(some);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
}
