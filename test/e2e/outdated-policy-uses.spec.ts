import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DisregardedUses } from '../../libs/enforcement/index.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const DAY_MS = 86_400_000;

let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  service = await gatehouse.as('image-service', 'service');
  operator = await gatehouse.as('olga', 'operator');
  await operator.post('/v1/policy', { version: 'v1' });
  await operator.put('/v1/rollout/rate', { perWeek: 10 });
});
afterAll(() => gatehouse.close());

async function member(name: string): Promise<string> {
  const { accountId } = (await service.post('/v1/waitlist', { email: `${name}@example.org` })).body;
  expect((await operator.post('/v1/cohorts', { accounts: [accountId] })).status).toBe(202);
  await gatehouse.settle();
  expect((await service.post(`/v1/accounts/${accountId}/policy-acceptance`, { version: 'v1' })).status).toBe(200);
  return accountId;
}
async function generated(imageId: string, accountId: string): Promise<void> {
  const image = cloudEvent('ImageGenerated', { imageId, accountId }, { time: new Date(now).toISOString() });
  expect((await service.post('/v1/events', image)).status).toBe(202);
  await gatehouse.settle();
}
const shown = async () => (await operator.get('/v1/metrics/disregarded-decisions')).body;

it('are noticed once the grace period of a newer version has ended, of accounts that have not accepted that', async () => {
  const [ann, bob] = [await member('ann'), await member('bob')];
  expect((await operator.post('/v1/policy', { version: 'v2', graceDays: 7 })).status).toBe(201);
  expect((await service.post(`/v1/accounts/${bob}/policy-acceptance`, { version: 'v2' })).status).toBe(200);
  now += 6 * DAY_MS;
  await generated('in-time', ann);
  expect(await shown()).toMatchObject({ accounts: 0, uses: 0 });
  now += 2 * DAY_MS;
  for (const id of ['late-1', 'late-2']) await generated(id, ann);
  await generated('accepted', bob);
  expect(await shown()).toMatchObject({
    accounts: 1,
    uses: 1,
    reasons: [{ reason: 'policy-outdated', uses: 1 }],
    items: [
      {
        accountId: ann,
        uses: [{ action: 'generate', imageId: 'late-1', reason: 'policy-outdated', lateMs: DAY_MS }],
      },
    ],
  });
  const { body } = await gatehouse.administrator.get('/metrics');
  expect(body).toContain('gatehouse_disregarded_decisions{reason="policy-outdated"} 1');
});

it('are noted for each version in force, and held against no earlier decision', async () => {
  const [{ accountId }] = (await shown()).items;
  const before = new Date(now).toISOString();
  expect((await operator.post('/v1/policy', { version: 'v3' })).status).toBe(201);
  now += DAY_MS;
  await generated('later', accountId);
  expect((await shown()).items[0].uses).toMatchObject([
    { imageId: 'late-1' },
    { imageId: 'later', lateMs: 2 * DAY_MS },
  ]);
  // What a receipt of a decision at that time would count.
  expect(await gatehouse.app.get(DisregardedUses).since(before, accountId, undefined)).toBe(0);
});
