import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EventStoreDBEventStore } from '../../libs/event-store/eventstoredb/eventstoredb-event-store.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import { StoredEvents } from '../../libs/events/stored-events.js';
import { systemClock } from '../../libs/kernel/clock.js';
import { startEventStoreDB } from '../support/eventstoredb/server-process.js';
// @ts-expect-error: scripts have no types
import { EventStoreNodes } from './event-store-nodes.mjs';

let directory: string;
let nodes: InstanceType<typeof EventStoreNodes>;
let store: EventStoreDBEventStore;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-nodes-'));
  const free = await startEventStoreDB();
  await free.stop();
  const server = join('test', 'support', 'eventstoredb', 'server.mjs');
  const command = `${process.execPath} ${server} --port ${free.port} --data ${join(directory, 'log.jsonl')}`;
  store = new EventStoreDBEventStore(free.url, systemClock, new StoredEvents([], ['account']), { lostRejection() {} });
  nodes = new EventStoreNodes(free.url, [command], () => store.head());
  await nodes.start();
});
afterAll(async () => {
  await nodes.stop();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const append = () => store.append([{ stream: 'account-1', expected: 'any', events: [newEvent()] }]);
const count = async () => (await store.readStream('account-1')).length;

it('restarts a node that was killed or ended by itself, and keeps what was acknowledged', async () => {
  await append();
  await nodes.kill('node-1');
  await nodes.answers();
  const resume = await nodes.stopForNow();
  await expect(append()).rejects.toThrow();
  await resume();
  expect(await count()).toBe(1);
});

it('freezes a node, which then goes on', async () => {
  const resume = nodes.hangForNow();
  let isDone = false;
  const appending = append().finally(() => {
    isDone = true;
  });
  expect(isDone).toBe(false);
  await resume();
  await appending;
  await nodes.freeze('node-1', 10);
  expect(await count()).toBe(2);
  expect(nodes.names).toEqual(['node-1']);
});
