import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';

let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let lena: Client;
let rita: Client;
let hugo: Client;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  receiver = await startNoticeReceiver();
  gatehouse = await startGatehouse({ env: receiver.env });
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  lena = await gatehouse.as('lena', 'lead');
  rita = await gatehouse.as('rita', 'reviewer');
  hugo = await gatehouse.as('hugo', 'reviewer');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const clauses = ['violent', 'spam'].map((id) => ({ id, title: id, severity: 1 }));
  await operator.post('/v1/policy', { version: '1', clauses });
  const entries = [
    { strikeDays: 90, steps: [{ strikes: 1, measure: 'deactivate' }] },
    { clause: 'spam', steps: [{ strikes: 1, measure: 'restrict', action: 'share', days: 30 }] },
  ];
  await operator.put('/v1/enforcement-ladder', { entries, reason: 'for this' });
});
afterAll(async () => {
  await gatehouse.close();
  receiver.close();
});

async function tick(): Promise<void> {
  await gatehouse.settle();
  for (const schedule of schedulesOf(gatehouse.runtime)) await schedule.tick();
  await gatehouse.settle();
}
const refusal = (code: string, status = 409) => ({ status, body: { type: expect.stringMatching(`${code}$`) } });
const ownerOf = (imageId: string) => `owner-${imageId}`;
const account = async (imageId: string) => (await operator.get(`/v1/accounts/${ownerOf(imageId)}`)).body;
const enforcement = async (id: string) => (await operator.get(`/v1/enforcements/${id}`)).body;
const reopen = (id: string) => lena.post(`/v1/cases/${id}/reopen`, { reason: 'the clause was clarified' });
const notified = (accountId: string) =>
  receiver.received
    .filter(({ data }) => data.accountId === accountId)
    .map(({ data }) => `${data.kind} ${data.outcome}`);

async function flag(imageId: string, flaggedBy: string): Promise<void> {
  const data = { imageId, flaggedBy, flaggerKind: 'user', categories: ['violent'] };
  await service.post('/v1/events', [cloudEvent('ContentFlagged', data)]);
  await gatehouse.settle();
}

async function confirmed(imageId: string): Promise<void> {
  await service.post('/v1/events', [cloudEvent('ImageGenerated', { imageId, accountId: ownerOf(imageId) })]);
  await flag(imageId, `flagger-${imageId}`);
  expect((await judge(rita, imageId, 'unsafe')).body).toMatchObject({ status: 'confirmed' });
  await tick();
}

it('keeps the measure in force while a confirmed case is judged again, by nobody who judged it before', async () => {
  await confirmed('img-kept');
  expect((await rita.post('/v1/cases/img-kept/reopen', { reason: 'why not' })).status).toBe(403);
  expect((await reopen('img-kept')).status).toBe(200);
  await tick();
  expect(await account('img-kept')).toMatchObject({ deactivated: true });
  expect(await judge(rita, 'img-kept', 'safe')).toMatchObject(refusal('own-decision'));
  expect((await rita.post('/v1/queues/default/next')).body.case).toBeNull();
  const filed = await service.post('/v1/enforcements/img-kept/appeals', { text: 'mine' });
  expect(filed).toMatchObject(refusal('case-reopened'));
  expect((await judge(hugo, 'img-kept', 'unsafe')).body).toMatchObject({ status: 'confirmed' });
  await tick();
  const receipt = await enforcement('img-kept');
  expect(receipt).toMatchObject({ isInForce: true, clause: 'violent' });
  expect(notified(ownerOf('img-kept'))).toEqual(['measure-imposed deactivate']);
  expect(notified('flagger-img-kept')).toEqual(['flag-decided confirmed']);
  // Now the appeal can be filed, and somebody who took part in neither round hears it.
  expect((await service.post('/v1/enforcements/img-kept/appeals', { text: 'mine' })).status).toBe(200);
  expect(await reopen('img-kept')).toMatchObject(refusal('appeal-open'));
  const granting = { outcome: 'granted', reason: 'a documentary' };
  expect(await hugo.post('/v1/appeals/img-kept/claim')).toMatchObject(refusal('took-part'));
  const ina = await gatehouse.as('ina', 'reviewer');
  const { token } = (await ina.post('/v1/appeals/img-kept/claim')).body;
  expect((await ina.post('/v1/appeals/img-kept/decision', { ...granting, token })).status).toBe(200);
  await tick();
  expect(await account('img-kept')).toMatchObject({ deactivated: false });
  expect((await lena.get('/v1/cases/img-kept')).body).toMatchObject({ status: 'overturned', round: 2 });
});

it('undoes everything if the new round finds nothing, and notifies both sides', async () => {
  await confirmed('img-undone');
  const figures = async () => {
    const { whole } = (await gatehouse.administrator.get('/v1/safety/metrics')).body;
    const { items } = (await gatehouse.administrator.get('/v1/metrics/reviewers')).body;
    const { overturned } = items.find(({ reviewer }: { reviewer: string }) => reviewer === 'rita');
    return { confirmed: whole.cases.confirmed, overturned: overturned.hits };
  };
  const before = await figures();
  const { code, stdout } = await cli.run('case', 'reopen', 'img-undone', '--reason', 'look again');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/open/)]);
  await tick();
  expect(await figures()).toEqual(before);
  // Who flags it meanwhile learns of the new round.
  await flag('img-undone', 'second-flagger');
  expect((await judge(hugo, 'img-undone', 'safe')).body).toMatchObject({ status: 'dismissed' });
  await tick();
  expect(await account('img-undone')).toMatchObject({ deactivated: false });
  expect(await enforcement('img-undone')).toMatchObject({ isInForce: false, status: 'reversed' });
  expect((await gatehouse.administrator.get('/v1/images/img-undone')).body).toMatchObject({ withheld: false });
  expect(await figures()).toEqual({ confirmed: before.confirmed - 1, overturned: before.overturned + 1 });
  expect(notified(ownerOf('img-undone'))).toEqual(['measure-imposed deactivate', 'measure-reversed deactivate']);
  expect(notified('flagger-img-undone')).toEqual(['flag-decided confirmed', 'flag-decided overturned']);
  expect(notified('second-flagger')).toEqual(['flag-decided overturned']);
  expect(await service.post('/v1/enforcements/img-undone/appeals', { text: 'mine' })).toMatchObject(
    refusal('enforcement-reversed'),
  );
});

it('puts the measure for another clause in the place of the first, if the new round names another', async () => {
  await confirmed('img-other');
  await reopen('img-other');
  const spam = { clause: 'spam', rationale: 'an advertisement' };
  expect((await judge(hugo, 'img-other', 'unsafe', spam)).body).toMatchObject({ status: 'confirmed' });
  await tick();
  expect(await account('img-other')).toMatchObject({ deactivated: false });
  expect(await enforcement('img-other')).toMatchObject({ measure: 'restrict', clause: 'spam', isInForce: true });
  expect(notified(ownerOf('img-other'))).toEqual(['measure-imposed deactivate', 'measure-imposed restrict']);
  expect(notified('flagger-img-other')).toEqual(['flag-decided confirmed']);
});

it('can be appealed against anew if it is confirmed anew, whatever was decided on the confirmation that was undone', async () => {
  const [ina, iris, ivo] = await Promise.all(['ina', 'iris', 'ivo'].map((name) => gatehouse.as(name, 'reviewer')));
  const file = () => service.post('/v1/enforcements/img-anew/appeals', { text: 'mine' });
  await confirmed('img-anew');
  expect((await file()).status).toBe(200);
  expect((await hear(hugo, 'img-anew', { outcome: 'denied', reason: 'it shows a wound' })).status).toBe(200);
  expect(await file()).toMatchObject(refusal('already-appealed'));
  await reopen('img-anew');
  expect((await judge(ina!, 'img-anew', 'safe')).body).toMatchObject({ status: 'dismissed' });
  await tick();
  expect(await file()).toMatchObject(refusal('enforcement-reversed'));
  await flag('img-anew', 'another-flagger');
  expect((await judge(rita, 'img-anew', 'unsafe')).body).toMatchObject({ status: 'confirmed' });
  await tick();
  expect((await file()).status).toBe(200);
  expect((await hear(iris!, 'img-anew', { outcome: 'denied', reason: 'it shows a wound' })).status).toBe(200);
  expect(await file()).toMatchObject(refusal('already-appealed'));
  expect((await service.post('/v1/enforcements/img-anew/appeals', { text: 'mine', hasNewEvidence: true })).status).toBe(
    200,
  );
  expect((await hear(ivo!, 'img-anew', { outcome: 'granted', reason: 'a documentary' })).status).toBe(200);
  await tick();
  expect(await account('img-anew')).toMatchObject({ deactivated: false });
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
