import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { expectDecidedAgain } from '../support/decided-again.js';
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
const batch = async (batchId = 'spring') => (await operator.get(`/v1/invitations/${batchId}`)).body;
const held = async () => (await operator.get('/v1/rollout')).body.held;

it('onboards who accepts, and frees the place of who does not', async () => {
  const [ann, ben, cem] = [await join('ann'), await join('ben'), await join('cem')];
  await operator.put('/v1/rollout/rate', { perWeek: 2, daily: false });
  const invitation = { batchId: 'spring', accounts: [ann, ben], days: 3 };
  const sent = await operator.post('/v1/invitations', invitation);
  expect(sent).toMatchObject({ status: 202, body: { batchId: 'spring', places: 2, selection: 'listed' } });
  expect((await operator.post('/v1/invitations', invitation)).body).toEqual(sent.body);
  expect(codeOf(await operator.post('/v1/invitations', { ...invitation, accounts: [cem] }))).toBe('batch-known');
  expect(codeOf(await operator.post('/v1/invitations', { ...invitation, days: 29 }))).toBe('batch-known');
  expect(codeOf(await operator.post('/v1/invitations', { accounts: [cem] }))).toBe('rate-exceeded');
  expect((await operator.post('/v1/invitations', { accounts: [ann] })).status).toBe(409);
  expect((await operator.post('/v1/invitations', { accounts: [cem], size: 1 })).status).toBe(400);
  await until(async () => (await held()) === 2);
  await until(async () => (await statusOf(ben)) === 'invited');
  expect(codeOf(await accept(cem))).toBe('not-invited');

  expect((await accept(ann)).status).toBe(200);
  expect((await accept(ann)).status).toBe(200);
  await until(async () => (await statusOf(ann)) === 'onboarded');
  await until(async () => (await batch()).admitted === 1);
  expect(await batch()).toMatchObject({ status: 'open', places: 2, held: 1, sent: 2, accepted: 1, expired: 0 });
  expect(codeOf(await operator.post('/v1/cohorts', { size: 1 }))).toBe('rate-exceeded');

  ahead = 4 * DAY_MS;
  expect(codeOf(await accept(ben))).toBe('invitation-expired');
  await until(async () => (await batch()).status === 'decided');
  expect(await batch()).toMatchObject({ held: 0, sent: 2, accepted: 1, expired: 1, admitted: 1 });
  expect((await operator.post('/v1/invitations', invitation)).body).toEqual(sent.body);
  await until(async () => (await statusOf(ben)) === 'waiting');
  expect((await operator.post('/v1/cohorts', { cohortId: 'next', size: 1 })).status).toBe(202);
  await until(async () => (await statusOf(ben)) === 'onboarded');
  expect(await statusOf(cem)).toBe('waiting');
  expect(codeOf(await operator.get('/v1/invitations/winter'))).toBe('batch-unknown');
});

it('refuses the id of a batch that no event may have', async () => {
  for (const batchId of ['spring/2022', 'spring+2022', 'x'.repeat(65)]) {
    expect((await operator.post('/v1/invitations', { size: 1, batchId })).status).toBe(400);
    expect((await operator.get(`/v1/invitations/${encodeURIComponent(batchId)}`)).status).toBe(400);
  }
});

it('invites the front of the line by the class plan, and frees at once the places that nobody waits for', async () => {
  const [dora, eli, fay] = [await join('dora'), await join('eli'), await join('fay')];
  await operator.post('/v1/waitlist/classes', { class: 'artists', accounts: [fay], reason: 'the programme' });
  const plan = { mode: 'order', classes: [{ class: 'artists' }], reason: 'the programme' };
  expect((await operator.put('/v1/rollout/plan/classes', plan)).status).toBe(200);
  await operator.put('/v1/rollout/rate', { perWeek: 20, daily: false, reason: 'spec', confirm: 20 });
  await until(async () => (await statusOf(dora)) === 'waiting');
  expect((await operator.post('/v1/invitations', { batchId: 'summer', size: 2 })).body).toMatchObject({ places: 2 });
  await until(async () => (await batch('summer')).sent === 2);
  const [cem] = (await operator.get('/v1/waitlist?status=invited')).body.items;
  expect(await Promise.all([fay, cem.accountId, dora, eli].map(statusOf))).toEqual([
    ...['invited', 'invited', 'waiting', 'waiting'],
  ]);
  await operator.post('/v1/waitlist/classes', { class: 'hold-out', accounts: [eli], reason: 'never' });
  expect((await operator.post('/v1/invitations', { batchId: 'autumn', size: 9 })).body).toMatchObject({ places: 9 });
  await until(async () => (await batch('autumn')).held === 1);
  expect(await Promise.all([dora, eli].map(statusOf))).toEqual(['invited', 'waiting']);
  expect([await held(), (await batch()).held]).toEqual([3, 0]);
  const { items } = (await operator.get('/v1/invitations')).body;
  expect(items.map((one: { batchId: string }) => one.batchId)).toEqual(['autumn', 'summer', 'spring']);
});

it('withdraws a batch: its places are free, its links refused, its people in the line again, and who accepted comes in', async () => {
  await operator.put('/v1/rollout/rate', { perWeek: 40, daily: false, reason: 'spec', confirm: 40 });
  const people = [await join('gil'), await join('hal'), await join('ida'), await join('jon')];
  await until(async () => (await statusOf(people[3]!)) === 'waiting');
  const sent = await operator.post('/v1/invitations', { batchId: 'winter', accounts: people });
  expect(sent.status).toBe(202);
  await until(async () => (await batch('winter')).sent === 4);
  await operator.post('/v1/rollout/pause', { reason: 'so that who accepts waits' });
  expect((await accept(people[0]!)).status).toBe(200);
  const before = await held();

  const withdraw = (batchId: string) =>
    operator.post(`/v1/invitations/${batchId}/withdrawal`, { reason: 'sent to the wrong people' });
  const withdrawn = await withdraw('winter');
  expect(withdrawn).toMatchObject({ status: 200, body: { batchId: 'winter', held: 1 } });
  expect(await held()).toBe(before - 3);
  expect(codeOf(await accept(people[1]!))).toBe('invitation-withdrawn');
  expect((await withdraw('winter')).body.held).toBe(1);
  expect([codeOf(await withdraw('none')), codeOf(await withdraw('spring'))]).toEqual([
    'batch-unknown',
    'batch-decided',
  ]);
  expect((await service.post('/v1/invitations/winter/withdrawal', { reason: 'x' })).status).toBe(403);

  await until(async () => (await batch('winter')).withdrawn === 3);
  const withdrawal = { by: 'olga', reason: 'sent to the wrong people', at: expect.any(String) };
  expect(await batch('winter')).toMatchObject({ status: 'withdrawn', held: 1, expired: 0, withdrawal });
  await until(async () => (await statusOf(people[3]!)) === 'waiting');
  expect(await Promise.all(people.map(statusOf))).toEqual(['accepted', 'waiting', 'waiting', 'waiting']);
  expect(codeOf(await accept(people[1]!))).toBe('invitation-withdrawn');

  const { items } = (await operator.get('/v1/rollout/history')).body;
  const entry = items.find(({ type }: { type: string }) => type === 'InvitationsWithdrawn');
  expect(entry).toMatchObject({ batchId: 'winter', by: 'olga', reason: withdrawal.reason, state: 'took-effect' });
  const reverted = await operator.post(`/v1/rollout/changes/${entry.position}/revert`, { reason: 'a mistake' });
  expect(codeOf(reverted)).toBe('not-revertible');

  await operator.post('/v1/rollout/resume', {});
  await until(async () => (await statusOf(people[0]!)) === 'onboarded');
  await until(async () => (await batch('winter')).held === 0);
  expect(await batch('winter')).toMatchObject({ status: 'withdrawn', admitted: 1 });
  await operator.post('/v1/invitations', { batchId: 'again', accounts: people.slice(1, 2) });
  await until(async () => (await statusOf(people[1]!)) === 'invited');
  expect((await accept(people[1]!)).status).toBe(200);
  await until(async () => (await statusOf(people[1]!)) === 'onboarded');
});

it('makes each of its decisions again', async () => {
  const made = await expectDecidedAgain(gatehouse);
  expect(made.get('InvitationsWithdrawn')).toBe(1);
  expect(made.get('WithdrawalCompleted')).toBe(1);
});
