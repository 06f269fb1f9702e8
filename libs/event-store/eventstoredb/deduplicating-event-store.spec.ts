import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { FactLane, type FactOutcome } from '../../ingest/fact-lane.js';
import { DAY_MS, systemClock } from '../../kernel/clock.js';
import type { NewEvent } from '../../kernel/envelope.js';
import { StoreUnavailable } from '../../kernel/errors.js';
import { nameBasedId, timeOrderedIds } from '../../kernel/ids.js';
import { type EventStore, type StreamWrite } from '../event-store.js';
import { PostgresEventStore } from '../postgres/postgres-event-store.js';
import { newEvent } from '../sample-events.contract.js';
import { DeduplicatingEventStore } from './deduplicating-event-store.js';
import { FactIndex, type IndexedFact } from './fact-index.js';

const ids = timeOrderedIds(systemClock);
const newLane = () => `facts-${ids.next()}`;
const facts = (count: number) => Array.from({ length: count }, () => newEvent());

let databases: TestDatabase[];
let pool: pg.Pool;
let log: PostgresEventStore;

beforeAll(async () => {
  databases = [await createTestDatabase(), await createTestDatabase()];
  pool = new pg.Pool({ ...databases[0]!.connection, max: 4 });
  log = new PostgresEventStore(databases[1]!.connection);
});
afterAll(async () => {
  await log.close();
  await pool.end();
  for (const database of databases) await database.drop();
});

/** Ids as EventStoreDB treats them: the same id elsewhere is another event, which the log below would reject. */
const SPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';
const tolerant = (): EventStore =>
  Object.assign(Object.create(log) as PostgresEventStore, {
    append: (writes: readonly StreamWrite[]) =>
      log.append(
        writes.map((write) => ({
          ...write,
          events: write.events.map((event) => ({
            ...event,
            id: nameBasedId(SPACE, `${write.stream} ${write.expected} ${event.id}`),
            data: { ...event.data, given: event.id },
          })),
        })),
      ),
    readStream: async (...range: [string, number?, number?]) =>
      (await log.readStream(...range)).map((event) => ({ ...event, id: event.data.given ?? event.id })),
  });

type Crash = 'before-append' | 'after-append' | 'before-index';

/** Number of them that leave a caller without an answer. */
const lostAnswers = (crashes: readonly (Crash | undefined)[]): number =>
  crashes.filter((crash) => crash === 'before-append' || crash === 'after-append').length;

/** A process with its own memory; it crashes as listed. */
function startProcess(crashes: (Crash | undefined)[] = [], clock = systemClock, below = tolerant()) {
  let fault: Crash | undefined;
  const store = Object.assign(Object.create(below) as EventStore, {
    append: async (writes: readonly StreamWrite[]) => {
      fault = crashes.shift();
      if (fault === 'before-append') throw new StoreUnavailable('did not arrive');
      const results = await below.append(writes);
      if (fault === 'after-append') throw new StoreUnavailable('the answer is lost');
      return results;
    },
  });
  class CrashingIndex extends FactIndex {
    override async note(lane: string, revision: number, noted: readonly IndexedFact[]): Promise<void> {
      if (fault === 'before-index') {
        fault = undefined;
        throw new StoreUnavailable('the database is unreachable');
      }
      return super.note(lane, revision, noted);
    }
  }
  return new DeduplicatingEventStore(store, new CrashingIndex(pool, clock), clock);
}

const given = async (lane: string) => (await tolerant().readStream(lane)).map(({ id }) => id);

describe('DeduplicatingEventStore', () => {
  it('refuses an id that is not a UUID, and names the field', async () => {
    const events = [newEvent('Tested', {}, 'img-1')];
    await expect(startProcess().append([{ stream: newLane(), expected: 'any', events }])).rejects.toMatchObject({
      message: 'id of a Tested is "img-1", which is not a UUID: give the event a UUID',
    });
  });

  it('is needed: the log below stores a fact twice', async () => {
    const [fact] = facts(1);
    const lane = newLane();
    await tolerant().append([{ stream: lane, expected: 'no-stream', events: [fact!] }]);
    await tolerant().append([{ stream: lane, expected: 0, events: [fact!] }]);
    expect(await given(lane)).toEqual([fact!.id, fact!.id]);
  });

  it('returns the position of a fact that is stored elsewhere in its lane, and stores nothing of the write', async () => {
    const store = startProcess();
    const lane = newLane();
    const [a, b, c] = facts(3) as [NewEvent, NewEvent, NewEvent];
    const [first] = await store.append([{ stream: lane, expected: 'no-stream', events: [a, b] }]);
    const [second] = await store.append([{ stream: lane, expected: 1, events: [c, b] }]);
    expect(second).toEqual({
      outcome: 'duplicate-event-id',
      known: new Map([[b.id, (first as { position: number }).position]]),
    });
    expect(await given(lane)).toEqual([a.id, b.id]);
  });

  it('detects a fact of another lane, even in another process', async () => {
    const [fact] = facts(1);
    await startProcess().append([{ stream: newLane(), expected: 'no-stream', events: [fact!] }]);
    const [again] = await startProcess().append([{ stream: newLane(), expected: 'no-stream', events: [fact!] }]);
    expect(again!.outcome).toBe('duplicate-event-id');
  });

  it('passes on other events in the order of the call', async () => {
    const store = startProcess();
    const [account, lane] = [`account-${ids.next()}`, newLane()];
    const results = await store.append([
      { stream: lane, expected: 'any', events: facts(2) },
      { stream: account, expected: 5, events: facts(1) },
      { stream: lane, expected: 1, events: facts(1) },
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['appended', 'wrong-expected-revision', 'appended']);
  });

  it('lets the log distinguish a repeat at the same revision from a late write', async () => {
    const [store, other] = [startProcess(), startProcess()];
    const lane = newLane();
    const events = facts(2);
    await store.append([{ stream: lane, expected: 'no-stream', events }]);
    for (const process of [store, other]) {
      expect(await process.append([{ stream: lane, expected: 'no-stream', events }])).toMatchObject([
        { outcome: 'already-appended', revision: 1 },
      ]);
      expect(await process.append([{ stream: lane, expected: 'no-stream', events: facts(1) }])).toEqual([
        { outcome: 'wrong-expected-revision', actual: 1 },
      ]);
    }
  });

  it('indexes facts that a crash left out before the lane is written again', async () => {
    const lane = newLane();
    const events = facts(3);
    await startProcess(['before-index']).append([{ stream: lane, expected: 'no-stream', events }]);
    const [again] = await startProcess().append([{ stream: lane, expected: 2, events: [events[1]!] }]);
    const stored = await log.readStream(lane);
    expect(again).toEqual({
      outcome: 'duplicate-event-id',
      known: new Map([[events[1]!.id, stored[1]!.position]]),
    });
  });

  it('expires facts after some weeks, but not before a month', async () => {
    let shift = 0;
    const clock = { now: () => systemClock.now() + shift };
    const lane = newLane();
    const [old] = facts(1);
    await startProcess([], clock).append([{ stream: lane, expected: 'no-stream', events: [old!] }]);
    shift = 30 * DAY_MS;
    const late = startProcess([], clock);
    expect((await late.append([{ stream: lane, expected: 0, events: [old!] }]))[0]!.outcome).toBe('duplicate-event-id');
    shift = 40 * DAY_MS;
    await startProcess([], clock).append([{ stream: lane, expected: 0, events: facts(1) }]);
    const { rows } = await pool.query('SELECT 1 FROM facts.ids WHERE id = $1', [old!.id]);
    expect(rows).toEqual([]);
  });

  it('stores each fact once despite crashes, restarts and repeats, with two processes on one lane', async () => {
    const crash = fc.constantFrom<(Crash | undefined)[]>(undefined, 'before-append', 'after-append', 'before-index');
    const step = fc.record({
      process: fc.nat(1),
      restart: fc.boolean(),
      picks: fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 5 }),
      crashes: fc.array(crash as fc.Arbitrary<Crash | undefined>, { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.boolean(), async (steps, atOnce) => {
        const lane = newLane();
        const some = facts(8);
        const crashes: (Crash | undefined)[][] = [[], []];
        const faults = [0, 0];
        const start = (n: number) => new FactLane(startProcess(crashes[n]!), lane);
        const processes = [start(0), start(1)];
        const lost = (n: number) => faults[n]! - lostAnswers(crashes[n]!);
        const answers = new Map<string, (FactOutcome & { isSure: boolean })[]>();
        const deliver = async ({ process, restart, picks, ...fault }: (typeof steps)[number]) => {
          crashes[process]!.push(...fault.crashes);
          faults[process]! += lostAnswers(fault.crashes);
          const before = lost(process);
          if (restart) processes[process] = start(process);
          const batch = picks.map((pick) => some[pick]!);
          for (let outcomes: FactOutcome[] | undefined; !outcomes; ) {
            try {
              outcomes = await processes[process]!.append(batch);
              const isSure = lost(process) === before;
              for (const [n, { id }] of batch.entries())
                answers.set(id, [...(answers.get(id) ?? []), { ...outcomes[n]!, isSure }]);
            } catch (error) {
              if (!(error instanceof StoreUnavailable)) throw error;
              processes[process] = start(process);
            }
          }
        };
        if (atOnce) await Promise.all(steps.map(deliver));
        else for (const one of steps) await deliver(one);

        expect((await given(lane)).sort()).toEqual([...answers.keys()].sort());
        const head = await log.head();
        for (const outcomes of answers.values()) {
          // A writer whose answer was lost may, at its retry, mistake another's fact at that revision for its own.
          expect(outcomes.filter((one) => one.outcome === 'accepted' && one.isSure).length).toBeLessThanOrEqual(1);
          for (const { position } of outcomes) expect(position <= head && position > 0).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });
});
