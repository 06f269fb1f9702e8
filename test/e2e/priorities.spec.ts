import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const HOUR_MS = 3_600_000;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  await gatehouse.administrator.post('/v1/policy', { version: '1' });
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

async function flagged(imageId: string, accountId: string, categories = ['violent']) {
  const time = new Date(now).toISOString();
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId, accountId }, { time }),
    cloudEvent('ContentFlagged', { imageId, flaggedBy: 'acc-9', flaggerKind: 'user', categories }, { time }),
  ]);
  await gatehouse.settle();
}
const show = async (caseId: string) => (await rita.get(`/v1/cases/${caseId}`)).body;
const partOf = async (caseId: string, name: string) =>
  (await show(caseId)).priorityParts.find(({ part }: { part: string }) => part === name);
const listed = async () => (await rita.get('/v1/cases?status=open')).body.items;

it('shows how the priority of a case grows while it waits, in one order with the queue', async () => {
  await flagged('old', 'acc-1');
  expect(await partOf('old', 'age')).toMatchObject({ points: 0 });
  const before = (await show('old')).priority;
  now += 12 * HOUR_MS;
  await flagged('new', 'acc-2');
  expect(await partOf('old', 'age')).toEqual({
    part: 'age',
    points: 50,
    of: 100 - before,
    because: 'open since 2022-05-18T09:00:00.000Z: a point for each 14.4 minutes, up to 100 in all',
  });
  const old = await show('old');
  expect(old.priority).toBe(before + 50);
  expect(old.priority).toBe(old.priorityParts.reduce((sum: number, one: { points: number }) => sum + one.points, 0));
  const items = await listed();
  expect(items).toMatchObject([
    { caseId: 'old', priority: before + 50 },
    { caseId: 'new', priority: before },
  ]);
  expect((await rita.get('/v1/cases/old/review')).body.priority).toBe(before + 50);
  now += 12 * HOUR_MS;
  expect((await show('old')).priority).toBe(100);
  const given = (await rita.post('/v1/queues/default/next')).body;
  expect(given.case).toMatchObject({ caseId: 'old', priority: 100 });
  const { token } = given.claim;
  await rita.post('/v1/cases/old/verdicts', { token, verdict: 'safe' });
  expect(await show('old')).toMatchObject({ priority: before, status: 'dismissed' });
  expect(await partOf('old', 'age')).toMatchObject({ points: 0, because: 'closed, so it waits no longer' });
});

it('weighs what the account was subjected to, but nothing that expired or was undone', async () => {
  const { accountId } = (await service.post('/v1/waitlist', { email: 'ada@example.org' })).body;
  const administrator = gatehouse.administrator;
  const because = async (imageId: string) => {
    await flagged(imageId, accountId);
    return partOf(imageId, 'account');
  };
  expect(await because('first')).toMatchObject({ points: 0, because: expect.stringMatching(/^no strike in force/) });
  const until = new Date(now + HOUR_MS).toISOString();
  await administrator.post(`/v1/accounts/${accountId}/suspension`, { until, reason: 'by-hand' });
  now += 2 * HOUR_MS;
  expect(await because('second')).toMatchObject({ points: 2, because: '1 suspension not undone' });
  await administrator.post(`/v1/accounts/${accountId}/deactivation`, { reason: 'by-hand' });
  expect(await because('third')).toMatchObject({
    points: 4,
    because: '1 deactivation not undone, 1 suspension not undone',
  });
  await administrator.post(`/v1/accounts/${accountId}/reinstatement`, { reason: 'mercy' });
  expect(await because('fourth')).toMatchObject({ points: 4 });
});
