import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { EventLoopQueue } from './event-loop.js';

it('lets one piece of work begin in a turn of the event loop, in the order in which they came', async () => {
  const queue = new EventLoopQueue();
  const begun: string[] = [];
  const work = async (name: string) => {
    await queue.yield();
    begun.push(name);
  };
  const all = Promise.all(['a', 'b', 'c'].map(work));
  await Promise.resolve();
  expect(begun).toEqual(['a']);
  for (let turn = 1; begun.length < 3; turn++) {
    const before = begun.length;
    await nextTurn();
    expect(begun.length - before).toBeLessThanOrEqual(1);
    expect(turn).toBeLessThan(10);
  }
  await all;
  expect(begun).toEqual(['a', 'b', 'c']);
});
