import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { viewsJob } from '../support/views-job.js';

let gatehouse: TestGatehouse;
let root: Client;
let rootToken: string;
beforeAll(async () => {
  gatehouse = await startGatehouse({ env: { GATEHOUSE_REVIEW_PANEL: '2' } });
  const made = await gatehouse.administrator.post('/v1/tokens', { name: 'root', roles: ['administrator'] });
  root = client(gatehouse.url, made.body.secret);
  rootToken = made.body.id;
});
afterAll(() => gatehouse.close());

type Recorded = { type: string; data: Record<string, unknown>; metadata: { actor: Record<string, unknown> } };
const audit = async (type: string): Promise<Recorded[]> =>
  (await root.get(`/v1/log?stream=audit&types=${type}&limit=2000`)).body.events;
const byRoot = () => ({ kind: 'user', id: 'root', role: 'administrator', token: rootToken });
const newToken = async (body: Record<string, unknown>) => {
  const { status, body: made } = await root.post('/v1/tokens', body);
  expect(status).toBe(201);
  return made as { id: string; secret: string };
};

it('records who created and revoked which token', async () => {
  const expiresAt = '2999-01-01T00:00:00.000Z';
  const wanted = { name: 'ada-laptop', person: 'ada', roles: ['reviewer'], expiresAt };
  const { id, secret } = await newToken(wanted);
  const owner = { tokenId: id, name: 'ada-laptop', person: 'ada' };
  expect((await audit('TokenCreated')).at(-1)).toMatchObject({
    data: { ...owner, roles: ['reviewer'], expiresAt },
    metadata: { actor: byRoot() },
  });
  expect(JSON.stringify(await audit('TokenCreated'))).not.toContain(secret.slice('ght_0123456789abcdef_'.length));
  for (let n = 0; n < 2; n++) expect((await root.delete(`/v1/tokens/${id}`)).status).toBe(200);
  const revoked = (await audit('TokenRevoked')).filter(({ data }) => data.tokenId === id);
  expect(revoked).toMatchObject([{ data: owner, metadata: { actor: byRoot() } }]);
});

it('creates no token whose event is not stored, and revokes one even if the event is stored later', async () => {
  const { id, secret } = await newToken({ name: 'leaked', roles: ['service'] });
  const append = jest.spyOn(gatehouse.runtime.store, 'append');
  append.mockRejectedValue(new StoreUnavailable('the log is away'));
  const before = (await root.get('/v1/tokens')).body.items.length;
  expect((await root.post('/v1/tokens', { name: 'ghost', roles: ['service'] })).status).toBe(503);
  expect((await root.delete(`/v1/tokens/${id}`)).status).toBe(503);
  append.mockRestore();
  expect((await client(gatehouse.url, secret).get('/v1/policy')).status).toBe(401);
  expect((await root.get('/v1/tokens')).body.items).toHaveLength(before);
  expect((await root.delete(`/v1/tokens/${id}`)).status).toBe(200);
  expect((await audit('TokenRevoked')).filter(({ data }) => data.tokenId === id)).toHaveLength(1);
});

it('counts two tokens of one person as one reviewer', async () => {
  const service = await gatehouse.as('images', 'service');
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: 'acc-1' }),
    cloudEvent('ContentFlagged', { imageId: 'img-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: [] }),
    cloudEvent('ImageGenerated', { imageId: 'img-2', accountId: 'grace' }),
    cloudEvent('ContentFlagged', { imageId: 'img-2', flaggedBy: 'acc-9', flaggerKind: 'user', categories: [] }),
  ]);
  await gatehouse.settle();
  const of = async (name: string, person?: string) =>
    client(gatehouse.url, (await newToken({ name, person, roles: ['reviewer'] })).secret);
  const [laptop, phone, bob] = [await of('grace-laptop', 'grace'), await of('grace-phone', 'grace'), await of('bob')];
  expect((await laptop.post('/v1/cases/img-1/claim')).body).toMatchObject({ reviewer: 'grace' });
  expect((await judge(phone, 'img-1', 'unsafe')).body).toMatchObject({ status: 'open' });
  expect((await laptop.post('/v1/cases/img-1/verdicts', { token: 1, verdict: 'safe' })).body).toMatchObject({
    status: 409,
    type: expect.stringMatching(/already-reviewed$/),
  });
  expect((await judge(bob, 'img-1', 'unsafe')).body.status).toBe('confirmed');
  const ownImage = { status: 409, body: { type: expect.stringMatching(/own-image$/) } };
  for (const one of [laptop, phone]) {
    expect(await one.post('/v1/cases/img-2/claim')).toMatchObject(ownImage);
    expect(await judge(one, 'img-2', 'safe')).toMatchObject(ownImage);
  }
});

it('records who replayed views, before that begins', async () => {
  for (const kind of ['verify', 'rebuild'] as const) {
    const { id } = await viewsJob(root, kind, ['cases']);
    expect((await audit('ViewRebuilt')).at(-1)).toMatchObject({
      data: { jobId: id, kind, views: ['cases'] },
      metadata: { actor: byRoot() },
    });
  }
  const before = (await audit('ViewRebuilt')).length;
  expect((await root.post('/v1/views/rebuild', { views: ['nonsense'] })).status).toBe(400);
  expect(await audit('ViewRebuilt')).toHaveLength(before);
});

it('records who replayed an event in quarantine, edited or not', async () => {
  const wrong = cloudEvent('ImageShared', { imageId: 'not an id', accountId: 'acc-1' });
  const { quarantineId: entryId } = (await root.post('/v1/events', wrong)).body.results[0];
  expect((await root.post(`/v1/quarantine/${entryId}/replay`)).body.outcome).toBe('quarantined');
  const edited = { ...wrong, data: { imageId: 'img-1', accountId: 'acc-1' } };
  expect((await root.post(`/v1/quarantine/${entryId}/edited-replay`, edited)).body.outcome).toBe('accepted');
  // Now it is settled: nothing is replayed.
  expect((await root.post(`/v1/quarantine/${entryId}/replay`)).body.outcome).toBe('duplicate');
  expect(await audit('QuarantineReplayed')).toMatchObject([
    { data: { entryId, edited: false }, metadata: { actor: byRoot() } },
    { data: { entryId, edited: true }, metadata: { actor: byRoot() } },
  ]);
});

it('records who discarded an event in quarantine, once and before its bytes are deleted', async () => {
  const wrong = cloudEvent('ImageShared', { imageId: 'not an id', accountId: 'acc-1' });
  const { quarantineId: entryId } = (await root.post('/v1/events', wrong)).body.results[0];
  for (const _ of [1, 2])
    expect((await root.delete(`/v1/quarantine/${entryId}`)).body).toMatchObject({ status: 'discarded' });
  expect(await audit('QuarantineDiscarded')).toMatchObject([{ data: { entryId }, metadata: { actor: byRoot() } }]);
  const unknown = '0196e0f0-0000-7000-8000-000000000009';
  expect((await root.delete(`/v1/quarantine/${unknown}`)).status).toBe(404);
  expect(await audit('QuarantineDiscarded')).toHaveLength(1);
});

it('answers that the last administrator’s token stays', async () => {
  const { items } = (await root.get('/v1/tokens')).body;
  const others = items.filter(({ id, roles }: { id: string; roles: string[] }) => {
    return id !== rootToken && roles.includes('administrator');
  });
  for (const { id } of others) await root.delete(`/v1/tokens/${id}`);
  const before = (await audit('TokenRevoked')).length;
  expect(await root.delete(`/v1/tokens/${rootToken}`)).toMatchObject({
    status: 409,
    body: { type: expect.stringMatching(/last-administrator$/), detail: expect.stringContaining('create another') },
  });
  expect(await audit('TokenRevoked')).toHaveLength(before);
  expect((await root.get('/v1/tokens')).status).toBe(200);
});
