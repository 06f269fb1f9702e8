import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { EventLoopQueue } from './event-loop.js';

it('starts one task per turn of the event loop, in the order of arrival', async () => {
  const queue = new EventLoopQueue();
  const started: string[] = [];
  const work = async (name: string) => {
    await queue.yield();
    started.push(name);
  };
  const all = Promise.all(['a', 'b', 'c'].map(work));
  await Promise.resolve();
  expect(started).toEqual(['a']);
  for (let turn = 1; started.length < 3; turn++) {
    const before = started.length;
    await nextTurn();
    expect(started.length - before).toBeLessThanOrEqual(1);
    expect(turn).toBeLessThan(10);
  }
  await all;
  expect(started).toEqual(['a', 'b', 'c']);
});
