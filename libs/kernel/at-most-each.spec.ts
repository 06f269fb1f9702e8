import { expect, it } from '@jest/globals';
import { atMostEach } from './at-most-each.js';

const MS = 60_000;

function readings() {
  let now = 1_000_000;
  let count = 0;
  let isBroken = false;
  const read = atMostEach(MS, { now: () => now }, async () => {
    const nth = ++count;
    if (isBroken) throw new Error('away');
    return nth;
  });
  return { read, pass: (ms: number) => (now += ms), fail: (broken: boolean) => (isBroken = broken) };
}

it('keeps an answer until it is too old, or the clock was set back', async () => {
  const { read, pass } = readings();
  expect([await read(), await read()]).toEqual([1, 1]);
  pass(MS - 1);
  expect(await read()).toBe(1);
  pass(1);
  expect(await read()).toBe(2);
  pass(-1);
  expect(await read()).toBe(3);
});

it('reads once for all who ask at the same time', async () => {
  const { read } = readings();
  expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
});

it('keeps no failure, which all who wait for it get', async () => {
  const { read, fail } = readings();
  fail(true);
  const all = await Promise.allSettled([read(), read()]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fail(false);
  expect(await read()).toBe(2);
});
