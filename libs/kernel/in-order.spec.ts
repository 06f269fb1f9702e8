import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inOrder } from './in-order.js';

interface Job {
  keys: readonly string[];
  /** Duration in turns of the event loop. */
  turns: number;
}

const jobs = fc.array(
  fc.record({
    keys: fc.uniqueArray(fc.constantFrom<string[]>('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
    turns: fc.nat({ max: 4 }),
  }),
  { maxLength: 30 },
);

/** Runs the jobs and records which ones of the same key overlapped. */
async function run(all: readonly Job[], concurrency: number, failing = Number.NaN) {
  const begun: number[] = [];
  const running = new Set<number>();
  let most = 0;
  const clashes: [number, number][] = [];
  const work = async ({ turns }: Job, index: number) => {
    for (const other of running)
      if (all[other]!.keys.some((key) => all[index]!.keys.includes(key))) clashes.push([other, index]);
    begun.push(index);
    running.add(index);
    most = Math.max(most, running.size);
    for (let i = 0; i < turns; i++) await turn();
    running.delete(index);
    if (index === failing) throw new Error(`${index} failed`);
  };
  const failure = await inOrder(
    [...all.entries()],
    ([, { keys }]) => keys,
    concurrency,
    ([index, job]) => work(job, index),
  ).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { begun, most, clashes, failure, running: running.size };
}

describe('inOrder', () => {
  it('runs every item, and those of one key in order and never concurrently', async () => {
    await fc.assert(
      fc.asyncProperty(jobs, fc.integer({ min: 1, max: 8 }), async (all, concurrency) => {
        const { begun, most, clashes, failure } = await run(all, concurrency);
        expect({ clashes, failure }).toEqual({ clashes: [], failure: undefined });
        expect(most).toBeLessThanOrEqual(concurrency);
        expect([...begun].sort((a, b) => a - b)).toEqual([...all.keys()]);
        for (const key of ['a', 'b', 'c', 'd']) {
          const ofKey = begun.filter((index) => all[index]!.keys.includes(key));
          expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('starts no further item of a key after a failure, and ends only once all running work has ended', async () => {
    await fc.assert(
      fc.asyncProperty(
        jobs.filter(({ length }) => length > 0),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(),
        async (all, concurrency, nth) => {
          const failing = nth % all.length;
          const { begun, failure, running } = await run(all, concurrency, failing);
          expect({ failure, running }).toEqual({ failure: `${failing} failed`, running: 0 });
          const behind = begun.filter(
            (index) => index > failing && all[index]!.keys.some((key) => all[failing]!.keys.includes(key)),
          );
          expect(behind).toEqual([]);
        },
      ),
    );
  });

  it('keeps no place for items that wait for another of their key', async () => {
    const hot = Array.from({ length: 50 }, () => ({ keys: ['a'], turns: 1 }));
    const { begun } = await run([...hot, { keys: ['b'], turns: 1 }], 2);
    expect(begun.indexOf(50)).toBeLessThan(3);
  });

  it('runs items of different keys concurrently', async () => {
    const { most } = await run(
      ['a', 'b', 'c', 'd'].map((key) => ({ keys: [key], turns: 2 })),
      3,
    );
    expect(most).toBe(3);
  });
});
