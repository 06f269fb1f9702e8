import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Standalone } from '../../apps/standalone/standalone.js';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let beside: Standalone;
let operator: Client;
let service: Client;
let elsewhere: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  beside = await gatehouse.beside();
  operator = await gatehouse.as('olga', 'operator');
  service = await gatehouse.as('web-site', 'service');
  elsewhere = client(beside.url, gatehouse.administratorToken);
  await operator.put('/v1/rollout/rate', { perWeek: 1000 });
});
afterAll(async () => {
  await beside.close();
  await gatehouse.close();
});

const publish = async (version: string, more = {}) => {
  const { status, body } = await operator.post('/v1/policy', { version, ...more });
  expect([version, status]).toEqual([version, 201]);
  return body.position as string;
};
const accept = async (accountId: string, version: string) =>
  (await service.post(`/v1/accounts/${accountId}/policy-acceptance`, { version })).body.position as string;
const withdraw = async (version: string) =>
  (await operator.post('/v1/policy/withdrawals', { version, reason: 'a mistake' })).body.position as string;

async function onboarded(...names: string[]): Promise<string[]> {
  const accounts: string[] = [];
  for (const name of names)
    accounts.push((await service.post('/v1/waitlist', { email: `${name}@example.org` })).body.accountId);
  await gatehouse.settle();
  await operator.post('/v1/cohorts', { accounts });
  await gatehouse.settle();
  return accounts;
}

/** `allowed` or the reason of the deny, at both decision points. */
async function mayGenerate(accountId: string, minPosition: string): Promise<string> {
  const question = {
    subject: { type: 'account', id: accountId },
    action: { name: 'generate' },
    resource: { type: 'product', id: 'images' },
    context: { minPosition },
  };
  const [here, there] = await Promise.all(
    [service, elsewhere].map(async (one) => {
      const { body } = await one.post('/access/v1/evaluation', question);
      return body.decision ? 'allowed' : body.context.reason;
    }),
  );
  expect(there).toBe(here);
  return here;
}

it('gives everybody their access back when a mistake is withdrawn, those too who accepted it', async () => {
  const [ada, ben, cem] = (await onboarded('ada', 'ben', 'cem')) as [string, string, string];
  await publish('v1');
  await accept(ada, 'v1');
  let position = await accept(ben, 'v1');
  expect(await mayGenerate(ada, position)).toBe('allowed');

  position = await publish('mistake');
  expect(await mayGenerate(ada, position)).toBe('policy-outdated');
  await accept(ben, 'mistake');
  position = await accept(cem, 'mistake');
  expect(await mayGenerate(ben, position)).toBe('allowed');

  position = await withdraw('mistake');
  expect([await mayGenerate(ada, position), await mayGenerate(ben, position)]).toEqual(['allowed', 'allowed']);
  expect(await mayGenerate(cem, position)).toBe('policy-outdated');
  expect((await operator.get('/v1/policy')).body).toMatchObject({
    current: { version: 'v1' },
    versions: [
      { version: 'v1', status: 'in-force' },
      { version: 'mistake', status: 'withdrawn' },
    ],
  });
  const refused = await service.post(`/v1/accounts/${cem}/policy-acceptance`, { version: 'mistake' });
  expect(refused).toMatchObject({ status: 409, body: { type: expect.stringMatching(/policy-withdrawn$/) } });
  expect(await operator.post('/v1/policy', { version: 'mistake' })).toMatchObject({ status: 409 });
  expect(await mayGenerate(cem, await accept(cem, 'v1'))).toBe('allowed');
});

it('keeps the only policy in force: without one, nobody would have access', async () => {
  const answer = await operator.post('/v1/policy/withdrawals', { version: 'v1', reason: 'a mistake' });
  expect(answer).toMatchObject({ status: 409, body: { type: expect.stringMatching(/policy-needed$/) } });
  expect((await operator.get('/v1/policy')).body.current).toMatchObject({ version: 'v1' });
});

it('puts an announced version in force by the clock, and denies nobody before the grace period ends', async () => {
  const [dan, eve] = (await onboarded('dan', 'eve')) as [string, string];
  await accept(dan, 'v1');
  const effectiveFrom = new Date(now + 7 * DAY_MS).toISOString();
  await publish('v2', { effectiveFrom, graceDays: 14 });
  expect((await service.get('/v1/policy')).body).toMatchObject({ current: { version: 'v1' } });
  const position = await accept(eve, 'v2');
  expect([await mayGenerate(dan, position), await mayGenerate(eve, position)]).toEqual(['allowed', 'policy-outdated']);
  now += 7 * DAY_MS;
  expect([await mayGenerate(dan, position), await mayGenerate(eve, position)]).toEqual(['allowed', 'allowed']);
  expect((await service.get('/v1/policy')).body).toMatchObject({
    current: { version: 'v2', effectiveFrom, graceDays: 14, status: 'in-force' },
    versions: [{ version: 'v1', status: 'grace' }, { version: 'mistake' }, { version: 'v2' }],
  });
  const refused = await operator.post('/v1/policy/withdrawals', { version: 'v1', reason: 'tidying up' });
  const from = new Date(now + 14 * DAY_MS).toISOString();
  expect(refused).toMatchObject({ status: 409, body: { type: expect.stringMatching(/policy-counts$/), from } });
  now += 14 * DAY_MS - 1;
  expect(await mayGenerate(dan, position)).toBe('allowed');
  now += 1;
  expect([await mayGenerate(dan, position), await mayGenerate(eve, position)]).toEqual(['policy-outdated', 'allowed']);
  expect(await mayGenerate(dan, await accept(dan, 'v2'))).toBe('allowed');
});

it.each([
  [{ version: 'v3', effectiveFrom: '2022-05-18T09:00:00Z' }, 409],
  [{ version: 'v3', effectiveFrom: '2022-02-30T09:00:00Z' }, 400],
  [{ version: 'v3', effectiveFrom: 'soon' }, 400],
  [{ version: 'v3', graceDays: 366 }, 400],
  [{ version: 'v3', graceDays: -1 }, 400],
])('refuses %j', async (body, status) => {
  expect((await operator.post('/v1/policy', body)).status).toBe(status);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
