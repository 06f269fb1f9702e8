import { expect, it } from '@jest/globals';
import { batched } from './batched.js';
import { StoreUnavailable } from './errors.js';

const AWAY = new StoreUnavailable('away');
const settled = async (all: Promise<unknown>[]) =>
  (await Promise.allSettled(all)).map((one) => (one.status === 'rejected' ? one.reason : one.value));
const askAll = (ask: (n: number) => Promise<unknown>, count: number) =>
  settled(Array.from({ length: count }, (_, n) => ask(n)));

it('asks together what is asked at once, in batches, and answers each its own', async () => {
  const batches: number[] = [];
  const double = batched(
    async (numbers: readonly number[]) => {
      batches.push(numbers.length);
      return numbers.map((n) => n * 2);
    },
    { most: 4, atOnce: 2 },
  );
  expect(await askAll(double, 10)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  expect(batches).toEqual([4, 4, 2]);
});

it('asks after each call, never shares an answer that was under way', async () => {
  let value = 0;
  const read = batched(async (asked: readonly string[]) => asked.map(() => value), { most: 8, atOnce: 1 });
  const first = read('a');
  value = 1;
  const second = first.then(() => read('a'));
  value = 2;
  expect([await first, await second]).toEqual([2, 2]);
});

it('rejects those that wait together with a batch that finds the store unreachable; others wait for their turn', async () => {
  let error: Error = AWAY;
  let asked = 0;
  const ask = batched(
    async (numbers: readonly number[]) => {
      asked++;
      await Promise.resolve();
      if (numbers.includes(0)) throw error;
      return numbers;
    },
    { most: 128, atOnce: 2 },
  );
  expect(new Set((await askAll(ask, 600)).slice(256))).toEqual(new Set([AWAY]));
  expect(asked).toBe(2);
  error = new Error('of these only');
  const found = await askAll(ask, 600);
  expect(found.slice(0, 128)).toEqual(Array(128).fill(error));
  expect(found.slice(128)).toEqual(Array.from({ length: 472 }, (_, n) => n + 128));
});
