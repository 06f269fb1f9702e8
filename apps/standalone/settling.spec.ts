import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { Projector } from '../../libs/projections/projector.js';
import { Rebuilder } from '../../libs/projections/rebuilder.js';
import { progressOfAll } from '../../libs/subscriptions/checkpoints.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import { ReactorWorld } from '../../test/support/reactor-world.js';
import { Settling } from './settling.js';

let world: ReactorWorld;
let done: string[];
let isAway: boolean;
beforeEach(async () => {
  world = await ReactorWorld.open();
  [done, isAway] = [[], false];
});
afterEach(() => world.close());

const store = (type: string) =>
  world.store.append([{ stream: 'facts-0', expected: 'any', events: [newEvent(type, {})] }]);

/** A reactor to one type, which stores another in return. */
const reactorTo = (name: string, type: string, stores?: string) =>
  world.start({
    name,
    types: [type],
    key: ({ id }: RecordedEvent) => id,
    async react() {
      if (isAway) throw new StoreUnavailable('the store is unreachable');
      done.push(name);
      if (stores) await store(stores);
    },
  });

function settling() {
  const { pool, locks } = world;
  const log = new LogTail(world.store);
  const projector = new Projector(pool, log, [], locks, new Rebuilder(pool, world.store, locks));
  const reactors = [
    reactorTo('third', 'C'),
    reactorTo('first', 'A', 'B'),
    reactorTo('second', 'B', 'C'),
    reactorTo('nothing', 'D'),
  ];
  return new Settling(projector, reactors, log);
}

const positions = async () => {
  const progress = [...(await progressOfAll(world.pool)).values()];
  return progress.map(({ position }) => position);
};

it('processes what reactors store, whether those who react to it come before or after them', async () => {
  const all = settling();
  await all.settle();
  await store('A');
  await all.settle();
  expect(done).toEqual(['first', 'second', 'third']);
  const head = await world.store.head();
  expect([head, await positions()]).toEqual([3, [head, head, head, head]]);
});

it('processes nothing twice, and only moves the checkpoints of those who have no event', async () => {
  const all = settling();
  await store('C');
  await all.settle();
  await store('D');
  await all.settle();
  await all.settle();
  expect([done, await positions()]).toEqual([
    ['third', 'nothing'],
    [2, 2, 2, 2],
  ]);
});

it('processes an event again that failed', async () => {
  const all = settling();
  await all.settle();
  await store('A');
  isAway = true;
  await expect(all.settle()).rejects.toThrow('the store is unreachable');
  isAway = false;
  await all.settle();
  expect([done, await positions()]).toEqual([
    ['first', 'second', 'third'],
    [3, 3, 3, 3],
  ]);
});
