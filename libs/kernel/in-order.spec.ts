import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inOrder } from './in-order.js';

interface Job {
  keys: readonly string[];
  /** Turns of the event loop that it takes. */
  turns: number;
}

const jobs = fc.array(
  fc.record({
    keys: fc.uniqueArray(fc.constantFrom<string[]>('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
    turns: fc.nat({ max: 4 }),
  }),
  { maxLength: 30 },
);

/** Runs them and notes what overlapped. */
async function run(all: readonly Job[], sideBySide: number, failing = Number.NaN) {
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
    sideBySide,
    ([index, job]) => work(job, index),
  ).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { begun, most, clashes, failure, running: running.size };
}

describe('Work in order', () => {
  it('is done, all of it, in the order given for each key, and never two of a key at once', async () => {
    await fc.assert(
      fc.asyncProperty(jobs, fc.integer({ min: 1, max: 8 }), async (all, sideBySide) => {
        const { begun, most, clashes, failure } = await run(all, sideBySide);
        expect({ clashes, failure }).toEqual({ clashes: [], failure: undefined });
        expect(most).toBeLessThanOrEqual(sideBySide);
        expect([...begun].sort((a, b) => a - b)).toEqual([...all.keys()]);
        for (const key of ['a', 'b', 'c', 'd']) {
          const ofKey = begun.filter((index) => all[index]!.keys.includes(key));
          expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('begins nothing of a key behind a failure, and is over only once all that was begun has ended', async () => {
    await fc.assert(
      fc.asyncProperty(
        jobs.filter(({ length }) => length > 0),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(),
        async (all, sideBySide, nth) => {
          const failing = nth % all.length;
          const { begun, failure, running } = await run(all, sideBySide, failing);
          expect({ failure, running }).toEqual({ failure: `${failing} failed`, running: 0 });
          const behind = begun.filter(
            (index) => index > failing && all[index]!.keys.some((key) => all[failing]!.keys.includes(key)),
          );
          expect(behind).toEqual([]);
        },
      ),
    );
  });

  it('goes on side by side where keys differ', async () => {
    const { most } = await run(
      ['a', 'b', 'c', 'd'].map((key) => ({ keys: [key], turns: 2 })),
      3,
    );
    expect(most).toBe(3);
  });
});
