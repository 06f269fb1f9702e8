import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FairTurns } from './fair-turns.js';

function trial() {
  const turns = new FairTurns();
  const started: string[] = [];
  const take = (key: string, name: string, isOfUse = true) =>
    turns.take(key, () => {
      if (isOfUse) started.push(name);
      return isOfUse;
    });
  return { started, take };
}

it('starts the first task at once and each further one in a turn of its own', async () => {
  const { started, take } = trial();
  for (let n = 0; n < 5; n++) take('a', `a${n}`);
  for (let n = 1; n <= 5; n++) {
    expect(started).toHaveLength(n);
    await nextTurn();
  }
  await nextTurn();
  take('a', 'later');
  expect(started.at(-1)).toBe('later');
});

it('lets keys take turns and keeps the order of each', async () => {
  const { started, take } = trial();
  for (let n = 0; n < 100; n++) take('a', `a${n}`);
  for (let n = 0; n < 3; n++) take('b', `b${n}`);
  for (let n = 0; n < 8; n++) await nextTurn();
  expect(started.slice(0, 8)).toEqual(['a0', 'a1', 'b0', 'a2', 'b1', 'a3', 'b2', 'a4']);
});

it('starts every task of use once, and passes over the others without a turn', async () => {
  const tasks = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), isOfUse: fc.boolean() }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(tasks, async (all) => {
      const { started, take } = trial();
      all.forEach(({ key, isOfUse }, n) => {
        take(key, `${key}${n}`, isOfUse);
      });
      const wanted = all.flatMap(({ key, isOfUse }, n) => (isOfUse ? [`${key}${n}`] : []));
      for (let n = 0; n < wanted.length; n++) await nextTurn();
      expect([...started].sort()).toEqual([...wanted].sort());
      for (const key of 'abc') {
        const of = (names: string[]) => names.filter((name) => name.startsWith(key));
        expect(of(started)).toEqual(of(wanted));
      }
    }),
  );
});
