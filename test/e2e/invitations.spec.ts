import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { until } from '../support/until.js';

/** How far the clock is ahead. */
let ahead = 0;
let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ background: true, clock: { now: () => Date.now() + ahead } });
  operator = await gatehouse.as('olga', 'operator');
  service = await gatehouse.as('web-site', 'service');
});
afterAll(() => gatehouse.close());

const codeOf = ({ body }: { body: { type?: string } }) => body.type?.split('/').at(-1);
const join = async (name: string): Promise<string> =>
  (await service.post('/v1/waitlist', { email: `${name}@example.org` })).body.accountId;
const statusOf = async (accountId: string) => (await operator.get(`/v1/waitlist/${accountId}/place`)).body.status;
const accept = (accountId: string) => service.post(`/v1/waitlist/${accountId}/invitation-acceptance`);
const batch = async () => (await operator.get('/v1/invitations/spring')).body;

it('onboards who accepts, and frees the place of who does not', async () => {
  const [ann, ben, cem] = [await join('ann'), await join('ben'), await join('cem')];
  await operator.put('/v1/rollout/rate', { perWeek: 2, daily: false });
  const invitation = { batchId: 'spring', accounts: [ann, ben], days: 3 };
  const sent = await operator.post('/v1/invitations', invitation);
  expect(sent).toMatchObject({ status: 202, body: { batchId: 'spring', places: 2 } });
  expect((await operator.post('/v1/invitations', invitation)).body.until).toBe(sent.body.until);
  expect(codeOf(await operator.post('/v1/invitations', { accounts: [cem] }))).toBe('rate-exceeded');
  expect((await operator.post('/v1/invitations', { accounts: [ann] })).status).toBe(409);
  await until(async () => (await statusOf(ben)) === 'invited');
  expect(codeOf(await accept(cem))).toBe('not-invited');

  expect((await accept(ann)).status).toBe(200);
  expect((await accept(ann)).status).toBe(200);
  await until(async () => (await statusOf(ann)) === 'onboarded');
  expect(await batch()).toMatchObject({ status: 'open', held: 1, admitted: 1 });
  expect(codeOf(await operator.post('/v1/cohorts', { size: 1 }))).toBe('rate-exceeded');

  ahead = 4 * DAY_MS;
  expect(codeOf(await accept(ben))).toBe('invitation-expired');
  await until(async () => (await batch()).status === 'decided');
  await until(async () => (await statusOf(ben)) === 'waiting');
  expect((await operator.post('/v1/cohorts', { cohortId: 'next', size: 1 })).status).toBe(202);
  await until(async () => (await statusOf(ben)) === 'onboarded');
  expect(await statusOf(cem)).toBe('waiting');
  expect(codeOf(await operator.get('/v1/invitations/winter'))).toBe('batch-unknown');
});
