import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { catalogue } from '../../apps/composition/catalogue.js';
import { TokenRegistry } from '../../libs/http/credentials/token-registry.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let service: Client;
beforeAll(async () => {
  gatehouse = await startGatehouse({ env: { GATEHOUSE_FORWARDED_EXTENSIONS: 'tenant' } });
  service = await gatehouse.as('image-service', 'service');
});
afterAll(() => gatehouse.close());

let counter = 0;
const shared = (attributes: Record<string, unknown> = {}) =>
  cloudEvent('ImageShared', { imageId: `img-${++counter}`, accountId: 'acc-1' }, attributes);

it('gives the source, id, dataschema and named extensions of a sender back, on the feed and in the log', async () => {
  const own = {
    id: '0196E0F0-0000-7000-8000-0000000000AB',
    source: '/Images',
    dataschema: 'urn:example:shared',
    tenant: 'a',
  };
  const { results } = (await service.post('/v1/events', shared({ ...own, author: 'Ada' }))).body;
  expect(results).toMatchObject([{ outcome: 'accepted', id: own.id, source: own.source }]);
  const { events } = (await service.get('/v1/events?limit=2000')).body;
  const found = events.find(({ id }: { id: string }) => id === own.id);
  expect(found).toMatchObject({ ...own, recordid: expect.any(String) });
  expect(found).not.toHaveProperty('author');
  const log = (await gatehouse.administrator.get('/v1/log?limit=2000')).body.events;
  const metadata = { source: own.source, sourceid: own.id, dataschema: own.dataschema, extensions: { tenant: 'a' } };
  expect(log.find(({ id }: { id: string }) => id === found.recordid)).toMatchObject({ metadata });
});

it('holds a token to its sources and event types, also in a replay, and its neighbours to nothing', async () => {
  const registry = gatehouse.app.get(TokenRegistry);
  const bound = {
    name: 'nsfw',
    roles: ['service'],
    sources: ['/nsfw'],
    eventTypes: ['ImageShared'],
    createdBy: 'spec',
  };
  const detector = client(gatehouse.url, (await registry.create(bound)).secret);
  const events = [
    shared({ source: '/nsfw' }),
    shared({ source: '/images' }),
    cloudEvent('ReviewConfirmed', { caseId: 'x', imageId: 'x', categories: [] }, { source: '/nsfw' }),
  ];
  const { results } = (await detector.post('/v1/events', events)).body;
  expect(results.map(({ reason, outcome }: { reason?: string; outcome: string }) => reason ?? outcome)).toEqual([
    'accepted',
    'source-not-allowed',
    'type-not-allowed',
  ]);
  const path = `/v1/quarantine/${results[1].quarantineId}/replay`;
  expect((await detector.post(path)).body).toMatchObject({ outcome: 'quarantined', reason: 'source-not-allowed' });
  expect((await service.post(path)).body).toMatchObject({ outcome: 'accepted' });
  expect((await service.post(path)).body).toMatchObject({ outcome: 'duplicate' });
});

it('lets a bound token correct only entries of its sources and event types', async () => {
  const bad = { imageId: 'a b', accountId: 'acc-1' };
  const type = 'ImageDownloaded';
  const { results } = (
    await service.post('/v1/events', [
      cloudEvent('ImageShared', bad, { source: '/other' }),
      cloudEvent(type, bad, { source: '/web' }),
      { source: '/web' },
      cloudEvent('ImageShared', bad, { source: '/web' }),
    ])
  ).body;
  const bound = { name: 'web', roles: ['service'], sources: ['/web'], eventTypes: ['ImageShared'] };
  const { secret } = (await gatehouse.administrator.post('/v1/tokens', bound)).body;
  const web = client(gatehouse.url, secret);
  const correct = (n: number) =>
    web.post(`/v1/quarantine/${results[n].quarantineId}/edited-replay`, shared({ source: '/web' }));
  for (const n of [0, 1, 2]) {
    const { status, body } = await correct(n);
    expect([status, body.type, body.detail]).toEqual([
      409,
      expect.stringMatching(/\/quarantine-entry-foreign$/),
      expect.stringContaining('ask an administrator'),
    ]);
    const entry = await gatehouse.administrator.get(`/v1/quarantine/${results[n].quarantineId}`);
    expect(entry.body.status).toBe('waiting');
  }
  expect((await correct(3)).body).toMatchObject({ outcome: 'accepted' });
  await gatehouse.administrator.delete(`/v1/quarantine/${results[0].quarantineId}`);
  expect((await correct(0)).body.type).toMatch(/quarantine-entry-foreign$/);
});

it.each(['Sold', 'EnforcementOrdered', 'NoOpRecorded'])(
  'binds no token to the type %s, which nobody may send',
  async (type) => {
    const bound = { name: 'x', roles: ['service'], eventTypes: ['ImageShared', type] };
    const { status, body } = await gatehouse.administrator.post('/v1/tokens', bound);
    const incoming = catalogue.incoming.map(({ type }) => type).join(', ');
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      {
        field: '/eventTypes',
        message: `"${type}" is not a type of event that may be sent: must be one of ${incoming}`,
      },
    ]);
  },
);

it('settles a quarantined event by an edited replay, a corrected event of the same identity, or a discard', async () => {
  const bad = () => ({ ...shared(), data: { imageId: 'a b', accountId: 'acc-1' } });
  const [edited, corrected, dropped] = [bad(), bad(), bad()];
  const { results } = (await service.post('/v1/events', [edited, corrected, dropped])).body;
  const [first, second, third] = results.map(
    ({ quarantineId }: { quarantineId: string }) => `/v1/quarantine/${quarantineId}`,
  );
  const good = { imageId: 'ok', accountId: 'acc-1' };
  expect((await service.post(`${first}/edited-replay`, edited)).body).toMatchObject({ outcome: 'quarantined' });
  expect((await service.post(`${first}/edited-replay`, { ...edited, data: good })).body).toMatchObject({
    outcome: 'accepted',
    id: edited.id,
  });
  await service.post('/v1/events', { ...corrected, data: good });
  expect((await gatehouse.administrator.delete(third)).body).toMatchObject({ status: 'discarded' });
  const settled = await Promise.all([first, second, third].map((path) => gatehouse.administrator.get(path)));
  expect(settled.map(({ body }) => [body.status, body.settledBy, body.raw])).toEqual([
    ['replayed', 'image-service', undefined],
    ['resolved', 'image-service', undefined],
    ['discarded', 'administrator', undefined],
  ]);
  expect((await service.post(`${third}/replay`)).body).toMatchObject({ status: 409 });
});

it('does not start with another identity key than the database was used with', async () => {
  const env = { GATEHOUSE_IDENTITY_KEY: randomBytes(32).toString('base64') };
  await expect(gatehouse.beside({ env })).rejects.toMatchObject({ code: 'identity-key-wrong' });
});
