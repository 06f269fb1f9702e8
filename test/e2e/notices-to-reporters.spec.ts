import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { MAX_FLAGS } from '../../libs/review/index.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';

let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let rita: Client;
let hugo: Client;

beforeAll(async () => {
  receiver = await startNoticeReceiver();
  gatehouse = await startGatehouse({ env: { ...receiver.env, GATEHOUSE_FLAGS_PER_HOUR: '2' } });
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  rita = await gatehouse.as('rita', 'reviewer');
  hugo = await gatehouse.as('hugo', 'reviewer');
  const clauses = ['violent', 'spam'].map((id) => ({ id, title: id, severity: 1 }));
  await operator.post('/v1/policy', { version: '1', clauses });
});
afterAll(async () => {
  await gatehouse.close();
  receiver.close();
});
beforeEach(() => {
  receiver.received.length = 0;
});

async function tick(): Promise<void> {
  await gatehouse.settle();
  for (const schedule of schedulesOf(gatehouse.runtime)) await schedule.tick();
  await gatehouse.settle();
}
async function flag(imageId: string, flaggers: readonly string[], flaggerKind = 'user'): Promise<void> {
  const flags = flaggers.map((flaggedBy) =>
    cloudEvent('ContentFlagged', {
      imageId,
      accountId: `${imageId}-owner`,
      flaggedBy,
      flaggerKind,
      categories: ['violent'],
    }),
  );
  expect((await service.post('/v1/events', flags)).status).toBeLessThan(300);
  await gatehouse.settle();
}
/** The outcomes of which each person was notified, in order. */
const notified = (accountId: string, kind = 'flag-decided') =>
  receiver.received
    .filter(({ data }) => data.accountId === accountId && data.kind === kind)
    .map(({ data }) => data.outcome);

it('answers a flag that comes after the decision, with that decision, and what an appeal makes of it later', async () => {
  await flag('late', ['early-bird']);
  expect((await judge(rita, 'late', 'unsafe')).body).toMatchObject({ status: 'confirmed' });
  await tick();
  await flag('late', ['latecomer']);
  await flag('late', ['det-1'], 'detector');
  await tick();
  await tick();
  expect(notified('early-bird')).toEqual(['confirmed']);
  expect(notified('latecomer')).toEqual(['confirmed']);
  await service.post('/v1/enforcements/late/appeals', { text: 'mine' });
  await hear(hugo, 'late', { outcome: 'granted', reason: 'a documentary' });
  await tick();
  expect(notified('early-bird')).toEqual(['confirmed', 'overturned']);
  expect(notified('latecomer')).toEqual(['confirmed', 'overturned']);
  expect(notified('det-1')).toEqual([]);
});

it('answers a flag that is kept apart, since its flagger flags too much, once its image is decided', async () => {
  for (const imageId of ['flood-1', 'flood-2', 'flood-3']) await flag(imageId, ['flooder']);
  await flag('flood-3', ['somebody']);
  expect((await judge(rita, 'flood-3', 'safe')).body).toMatchObject({ status: 'dismissed' });
  await tick();
  expect(notified('somebody')).toEqual(['dismissed']);
  expect(notified('flooder')).toEqual(['dismissed']);
});

it('answers the flags beyond the most that a case has', async () => {
  const people = Array.from({ length: MAX_FLAGS + 2 }, (_, n) => `crowd-${n}`);
  await flag('crowded', people);
  expect((await judge(rita, 'crowded', 'safe')).body).toMatchObject({ status: 'dismissed' });
  for (let times = 0; times < 2; times++) await tick();
  expect(people.filter((one) => notified(one).join() !== 'dismissed')).toEqual([]);
});

it('notifies the account’s holder of the measure that an appeal puts in the place of the first', async () => {
  const step = (measure: string) => [{ strikes: 1, measure }];
  const entries = [{ steps: step('deactivate') }, { clause: 'spam', steps: step('strike') }];
  expect((await operator.put('/v1/enforcement-ladder', { entries, reason: 'spec' })).status).toBe(200);
  await flag('partly', ['reporter']);
  expect((await judge(rita, 'partly', 'unsafe')).body).toMatchObject({ status: 'confirmed' });
  await tick();
  await service.post('/v1/enforcements/partly/appeals', { text: 'mine' });
  const decided = { outcome: 'partly-granted', clause: 'spam', reason: 'it advertises' };
  expect((await hear(hugo, 'partly', decided)).status).toBe(200);
  await tick();
  expect(notified('partly-owner', 'appeal-decided')).toEqual(['partly-granted']);
  expect(notified('partly-owner', 'measure-imposed')).toEqual(['deactivate', 'strike']);
  const [first, second] = receiver.received.filter(({ data }) => data.kind === 'measure-imposed');
  expect(first!.data.appealUntil).toBeDefined();
  expect(second!.data).toMatchObject({ clause: 'spam', text: expect.stringContaining('A strike was recorded') });
  expect(second!.data.appealUntil).toBeUndefined();
});
