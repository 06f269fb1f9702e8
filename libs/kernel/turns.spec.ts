import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { StoreUnavailable } from './errors.js';
import { Turns } from './turns.js';

it('runs the work of a key in the order of arrival, one at a time, also after a failure', async () => {
  const turns = new Turns();
  const done: string[] = [];
  let running = 0;
  const work = (name: string) => async () => {
    expect(++running).toBe(1);
    await turn();
    running--;
    done.push(name);
    if (name === 'b') throw new Error('b failed');
    return name;
  };
  const ended = await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => turns.take('key', work(name))));
  expect(done).toEqual(['a', 'b', 'c', 'd']);
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
});

it('runs the work of different keys concurrently', async () => {
  const turns = new Turns();
  let open = () => {};
  const closed = turns.take('slow', () => new Promise<void>((resolve) => (open = resolve)));
  expect(await turns.take('quick', async () => 'done')).toBe('done');
  open();
  await closed;
});

it('fails what waits behind work that could not reach the store, and then starts afresh', async () => {
  const turns = new Turns();
  let asked = 0;
  const away = async () => {
    asked++;
    await turn();
    throw new StoreUnavailable('away');
  };
  const ended = await Promise.allSettled(Array.from({ length: 1_000 }, () => turns.take('key', away)));
  expect([asked, ended.filter(({ status }) => status === 'rejected').length]).toEqual([1, 1_000]);
  expect(await turns.take('key', async () => 'back')).toBe('back');
});
