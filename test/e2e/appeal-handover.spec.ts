import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';

let ahead = 0;
let gatehouse: TestGatehouse;
let service: Client;
let lena: Client;
let rita: Client;
let hugo: Client;
let hanna: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => Date.now() + ahead } });
  service = await gatehouse.as('web-site', 'service');
  lena = await gatehouse.as('lena', 'lead');
  [rita, hugo, hanna] = (await Promise.all(
    ['rita', 'hugo', 'hanna'].map((name) => gatehouse.as(name, 'reviewer')),
  )) as [Client, Client, Client];
  const clauses = [{ id: 'violent', title: 'violent', severity: 1 }];
  await gatehouse.administrator.post('/v1/policy', { version: '1', clauses });
});
afterAll(() => gatehouse.close());

const refusal = (code: string, status = 409) => ({ status, body: { type: expect.stringMatching(`${code}$`) } });

async function filed(imageId: string): Promise<void> {
  const flag = { imageId, flaggedBy: 'flora', flaggerKind: 'user', categories: ['violent'] };
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId, accountId: `${imageId}-owner` }),
    cloudEvent('ContentFlagged', flag),
  ]);
  await gatehouse.settle();
  expect((await judge(rita, imageId, 'unsafe')).body).toMatchObject({ status: 'confirmed' });
  await gatehouse.settle();
  expect((await service.post(`/v1/enforcements/${imageId}/appeals`, { text: 'mine' })).status).toBe(200);
  await gatehouse.settle();
}
const handOver = (by: Client, id: string, reviewer: string, more: object = {}) =>
  by.post(`/v1/appeals/${id}/handover`, { reviewer, ...more });
const next = async (by: Client) => (await by.post('/v1/appeals/next')).body.claim;
const show = async (id: string, by = lena) => (await by.get(`/v1/appeals/${id}`)).body;
const entry = async (id: string, by = lena) =>
  (await by.get('/v1/appeals?status=open')).body.items.find(({ appealId }: { appealId: string }) => appealId === id);

it('keeps an appeal for the person to whom a lead hands it over, who gets it before those that are due earlier', async () => {
  for (const id of ['due-first', 'due-later']) await filed(id);
  const { token } = (await hugo.post('/v1/appeals/due-later/claim')).body;
  const handed = await handOver(lena, 'due-later', 'hanna', { reason: 'reads Welsh' });
  expect(handed.status).toBe(200);
  expect((await handOver(lena, 'due-later', 'hanna')).body.position).toBe(handed.body.position);
  await gatehouse.settle();
  const kept = { claimedBy: null, reservedFor: 'hanna', reservedUntil: expect.any(String) };
  expect([await show('due-later'), await entry('due-later')]).toMatchObject([kept, kept]);
  const hidden = { reservedFor: null, reservedUntil: null };
  expect([await show('due-later', service), await entry('due-later', service)]).toMatchObject([hidden, hidden]);
  const ofHanna = (await lena.get('/v1/appeals?status=open&reviewer=hanna')).body.items;
  expect(ofHanna).toMatchObject([{ appealId: 'due-later' }]);
  const denied = { outcome: 'denied', reason: 'it shows a wound', token };
  expect(await hugo.post('/v1/appeals/due-later/decision', denied)).toMatchObject(refusal('claim-lost'));
  expect(await hugo.post('/v1/appeals/due-later/claim')).toMatchObject(refusal('appeal-reserved'));
  expect((await next(hugo)).appealId).toBe('due-first');
  expect((await next(hanna)).appealId).toBe('due-later');
  await gatehouse.settle();
  expect(await entry('due-later')).toMatchObject({ claimedBy: 'hanna', reservedFor: null });
  expect((await hear(hanna, 'due-later', { outcome: 'denied', reason: 'it shows a wound' })).status).toBe(200);
  expect(await handOver(lena, 'due-later', 'hugo')).toMatchObject(refusal('appeal-decided'));
});

it('is refused to people who took part, whom nobody knows or who hear none, and to reviewers without their claim', async () => {
  await filed('refused');
  await gatehouse.as('olga', 'operator');
  expect(await handOver(lena, 'refused', 'rita')).toMatchObject(refusal('took-part'));
  for (const name of ['nobody', 'olga', 'web-site'])
    expect(await handOver(lena, 'refused', name)).toMatchObject(refusal('hearer-unknown', 404));
  expect(await handOver(lena, 'gone', 'hugo')).toMatchObject(refusal('appeal-unknown', 404));
  expect(await handOver(hanna, 'refused', 'hugo')).toMatchObject(refusal('claim-lost'));
  expect((await handOver(service, 'refused', 'hugo')).status).toBe(403);
  const { token } = (await hanna.post('/v1/appeals/refused/claim')).body;
  expect(await handOver(hanna, 'refused', 'hugo', { token: token + 1 })).toMatchObject(refusal('claim-lost'));
  expect((await handOver(hanna, 'refused', 'hanna', { token })).status).toBe(400);
  expect((await handOver(hanna, 'refused', 'hugo', { token })).status).toBe(200);
  expect(await hanna.post('/v1/appeals/refused/claim')).toMatchObject(refusal('appeal-reserved'));
  ahead += DAY_MS;
  await gatehouse.settle();
  expect(await show('refused')).toMatchObject({ reservedFor: null });
  expect((await hanna.post('/v1/appeals/refused/claim')).status).toBe(200);
});

it('is a command too', async () => {
  await filed('by-command');
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const { code, stdout } = await cli.run('appeal', 'hand-over', 'by-command', 'hugo', '--reason', 'reads Welsh');
  expect([code, stdout]).toEqual([0, expect.stringContaining('appeal by-command is handed over to hugo')]);
  await gatehouse.settle();
  expect((await cli.run('appeal', 'list')).stdout).toMatch(/by-command .* kept for hugo/);
  expect((await cli.run('appeal', 'show', 'by-command')).stdout).toMatch(/kept +│? *for hugo until/);
});

it('reads the policy, who sees severe images and a profile once, for however many appeals', async () => {
  const store = gatehouse.runtime.store;
  async function readsOf(request: () => Promise<unknown>): Promise<Record<string, number>> {
    const spy = jest.spyOn(store, 'readStream');
    await request();
    const counted: Record<string, number> = {};
    for (const [stream] of spy.mock.calls) counted[stream] = (counted[stream] ?? 0) + 1;
    spy.mockRestore();
    return counted;
  }
  for (const id of ['many-1', 'many-2', 'many-3']) await filed(id);
  const common = ['policy', 'severe-viewers', 'reviewer-hanna'];
  const list = await readsOf(() => hanna.get('/v1/appeals?status=open'));
  expect(common.map((stream) => list[stream])).toEqual([1, 1, 1]);
  const given = await readsOf(() => next(hanna));
  // Once to find them, and once to claim the first.
  for (const stream of common) expect([stream, given[stream]! <= 2]).toEqual([stream, true]);
  await hanna.delete(`/v1/appeals/${(await next(hanna)).appealId}/claim?token=${(await next(hanna)).token}`);
  const claim = await readsOf(() => hanna.post('/v1/appeals/many-2/claim'));
  expect([...common.slice(0, 1), 'reviewer-hanna', 'case-many-2', 'appeal-many-2'].map((one) => claim[one])).toEqual([
    ...[1, 1, 1, 1],
  ]);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
