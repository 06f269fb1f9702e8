import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { type Client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { FOUNDED, judge } from '../support/judge.js';

const MINUTE_MS = 60_000;
const LEASE_MS = 5 * MINUTE_MS;
const WINDOW_MS = 30_000;
let now: number;
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let rob: Client;
let lena: Client;
let schedules: ReturnType<typeof schedulesOf>;
let cases = 0;
/** A new open case. */
let id: string;

beforeAll(async () => {
  now = Date.parse('2022-05-18T09:00:00Z');
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: { GATEHOUSE_CLAIM_LEASE_MS: String(LEASE_MS), GATEHOUSE_VERDICT_WINDOW_MS: String(WINDOW_MS) },
  });
  schedules = schedulesOf(gatehouse.runtime);
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  rob = await gatehouse.as('rob', 'reviewer');
  lena = await gatehouse.as('lena', 'reviewer', 'lead');
});
afterAll(() => gatehouse.close());

beforeEach(async () => {
  id = `img-${++cases}`;
  await send('ImageGenerated', { imageId: id, accountId: `owner-${id}` });
  await send('ContentFlagged', { imageId: id, flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] });
  await gatehouse.settle();
});

async function send(type: string, data: Record<string, unknown>) {
  const event = cloudEvent(type, data, { time: new Date(now).toISOString() });
  const { body } = await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' });
  return body.results[0];
}
const claim = (reviewer: Client) => reviewer.post(`/v1/cases/${id}/claim`);
const tokenOf = async (reviewer: Client): Promise<number> => (await claim(reviewer)).body.token;
const show = async (reader: Client) => (await reader.get(`/v1/cases/${id}`)).body;
const closing = () => Promise.all(schedules.map((schedule) => schedule.tick()));

it('renews a claim under its token, and refuses a verdict with that of a lost one', async () => {
  const token = await tokenOf(rita);
  expect((await show(rita)).claim).toMatchObject({ reviewer: 'rita', token });
  expect((await show(rob)).claim).toMatchObject({ reviewer: 'rita', token: null });
  now += LEASE_MS - MINUTE_MS;
  const renewed = await rita.put(`/v1/cases/${id}/claim`, { token });
  expect(renewed).toMatchObject({ status: 200, body: { token, until: new Date(now + LEASE_MS).toISOString() } });
  expect((await rita.put(`/v1/cases/${id}/claim`, { token })).body.until).toBe(renewed.body.until);
  now += LEASE_MS;
  expect((await tokenOf(rob)) > token).toBe(true);
  for (const attempt of [
    rita.put(`/v1/cases/${id}/claim`, { token }),
    rita.post(`/v1/cases/${id}/verdicts`, { token, verdict: 'unsafe', ...FOUNDED }),
    rita.post(`/v1/cases/${id}/hold`, { token, until: new Date(now + MINUTE_MS).toISOString() }),
    rita.post(`/v1/cases/${id}/escalate`, { token }),
    rita.post(`/v1/cases/${id}/handover`, { token, reviewer: 'lena' }),
  ])
    expect(codeOf(await attempt)).toEqual([409, 'claim-lost']);
});

it('keeps a held case for its reviewer, and a handed-over one for the other', async () => {
  const until = new Date(now + MINUTE_MS).toISOString();
  const held = await rita.post(`/v1/cases/${id}/hold`, { token: await tokenOf(rita), until, note: 'asked' });
  expect(held.status).toBe(200);
  expect(codeOf(await claim(rob))).toEqual([409, 'case-reserved']);
  expect(await show(rob)).toMatchObject({ status: 'open', reservedFor: 'rita', reservedUntil: until });
  const token = await tokenOf(rita);
  expect((await rita.post(`/v1/cases/${id}/handover`, { token, reviewer: 'rob' })).status).toBe(200);
  expect(codeOf(await claim(rita))).toEqual([409, 'case-reserved']);
  expect(await show(rob)).toMatchObject({ reservedFor: 'rob' });
  await gatehouse.settle();
  const { items } = (await lena.get('/v1/cases')).body;
  expect(items.find((one: { caseId: string }) => one.caseId === id)).toMatchObject({ reservedFor: 'rob' });
  expect((await claim(rob)).status).toBe(200);
  expect(codeOf(await rob.post(`/v1/cases/${id}/handover`, { token: token + 1, reviewer: 'acc-9' }))).toEqual([
    409,
    'own-flag',
  ]);
});

it('gives an escalated case to leads only, who hand it over without a claim', async () => {
  await rita.post(`/v1/cases/${id}/escalate`, { token: await tokenOf(rita), note: 'unclear' });
  expect(codeOf(await claim(rob))).toEqual([409, 'case-escalated']);
  expect(await show(rob)).toMatchObject({ isEscalated: true });
  expect((await claim(lena)).status).toBe(200);
  expect((await lena.post(`/v1/cases/${id}/handover`, { reviewer: 'rob' })).status).toBe(200);
  expect((await claim(rob)).status).toBe(200);
});

it('decides a case when its verdicts can’t be taken back any more, and takes them back before', async () => {
  const finalAt = new Date(now + WINDOW_MS).toISOString();
  expect((await judge(rita, id, 'unsafe')).body).toMatchObject({ status: 'open', finalAt });
  expect(codeOf(await claim(rob))).toEqual([409, 'awaiting-decision']);
  await gatehouse.settle();
  await closing();
  expect(await show(lena)).toMatchObject({ status: 'open', decidesAt: finalAt, decidedAt: null });
  expect((await rita.delete(`/v1/cases/${id}/verdicts/mine`)).status).toBe(200);
  expect((await show(rita)).verdictsGiven).toBe(0);
  await judge(rita, id, 'model-problem');
  now += WINDOW_MS;
  expect(codeOf(await rita.delete(`/v1/cases/${id}/verdicts/mine`))).toEqual([409, 'verdict-final']);
  await gatehouse.settle();
  await closing();
  expect(await show(rita)).toMatchObject({ status: 'model-problem', decidesAt: null, decidedAt: expect.any(String) });
  await gatehouse.settle();
  const { body } = await gatehouse.administrator.get('/v1/cases?status=model-problem');
  const decided = body.items.find((one: { caseId: string }) => one.caseId === id);
  // Every time to the decision counts from here: the window has closed.
  expect(decided.decidedAt).toBe(new Date(now).toISOString());
  // It counts against nobody.
  expect((await gatehouse.administrator.get(`/v1/accounts/owner-${id}`)).status).toBe(404);
});

it('decides the others while a case can’t be decided, and that one later', async () => {
  const flag = { imageId: 'ownerless', flaggedBy: 'acc-9', flaggerKind: 'user', categories: [] };
  await send('ContentFlagged', flag);
  await gatehouse.settle();
  expect((await judge(rita, 'ownerless', 'unsafe')).status).toBe(200);
  now += 1;
  expect((await judge(rob, id, 'safe')).status).toBe(200);
  now += WINDOW_MS;
  const statuses = async () => {
    await gatehouse.settle();
    await closing();
    return [(await lena.get('/v1/cases/ownerless')).body.status, (await show(lena)).status];
  };
  expect(await statuses()).toEqual(['open', 'dismissed']);
  await send('ImageGenerated', { imageId: 'ownerless', accountId: 'acc-7' });
  expect(await statuses()).toEqual(['open', 'dismissed']);
  now += MINUTE_MS;
  expect(await statuses()).toEqual(['confirmed', 'dismissed']);
});

it('lets leads alone reopen a closed case', async () => {
  await send('VerdictGiven', { caseId: id, reviewer: 'x1', verdict: 'safe' });
  const reason = { reason: 'the clause was clarified' };
  expect((await rita.post(`/v1/cases/${id}/reopen`, reason)).status).toBe(403);
  expect((await lena.post(`/v1/cases/${id}/reopen`, reason)).status).toBe(200);
  expect(await show(lena)).toMatchObject({ status: 'open', round: 2, categories: ['violent'], verdictsGiven: 0 });
  await send('VerdictGiven', { caseId: id, reviewer: 'x1', verdict: 'unsafe' });
  expect((await lena.post(`/v1/cases/${id}/reopen`, reason)).status).toBe(200);
  expect(await show(lena)).toMatchObject({ status: 'open', round: 3 });
});

it('hides the verdicts of others from a reviewer until their own is final', async () => {
  await send('VerdictGiven', { caseId: id, reviewer: 'x1', verdict: 'safe', panelSize: 3 });
  await gatehouse.settle();
  const listed = async (reader: Client) =>
    (await reader.get('/v1/cases')).body.items.find((one: { caseId: string }) => one.caseId === id).verdicts.length;
  expect(await show(rita)).toMatchObject({ verdictsGiven: 0, verdicts: [] });
  expect([(await show(lena)).verdicts.length, await listed(rita), await listed(lena)]).toEqual([1, 0, 1]);
  await claim(lena);
  expect((await show(lena)).verdicts).toEqual([]);
  await judge(lena, id, 'safe');
  expect((await show(lena)).verdicts).toMatchObject([{ reviewer: 'lena' }]);
  now += WINDOW_MS;
  expect((await show(lena)).verdicts).toHaveLength(2);
});

it('refuses a clause that the policy in force does not have', async () => {
  const policy = { version: 'with-clauses', clauses: [{ id: 'hate', title: 'No hate', severity: 3 }] };
  await gatehouse.administrator.post('/v1/policy', policy);
  // The category of the flag is of no known severity now.
  await gatehouse.administrator.put('/v1/severe-viewers/rita', { reason: 'trained for it' });
  expect(await judge(rita, id, 'unsafe')).toMatchObject({ status: 409, body: { clauses: ['hate'] } });
  expect((await judge(rita, id, 'unsafe', { clause: 'hate' })).status).toBe(200);
  now += WINDOW_MS;
  await gatehouse.settle();
  await closing();
  expect((await show(rita)).status).toBe('confirmed');
});
