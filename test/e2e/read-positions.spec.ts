import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let administrator: Client;
let epoch: string;
/** The lists that can wait for a position, each with a query that it needs. */
let lists: string[];

beforeAll(async () => {
  gatehouse = await startGatehouse();
  administrator = gatehouse.administrator;
  const { body, headers } = await administrator.get('/openapi.json');
  epoch = headers.get('gatehouse-log-epoch')!;
  const paths: [string, { get?: { parameters?: { name: string }[] } }][] = Object.entries(body.paths);
  lists = paths
    .filter(([, { get }]) => get?.parameters?.some(({ name }) => name === 'minPosition'))
    .map(([path]) => `${path.replace('{id}', 'acc-1')}?${path === '/v1/enforcements' ? 'account=acc-1&' : ''}`);
});
afterAll(() => gatehouse.close());

it('is in every list of a view, which has passed it', async () => {
  const joined = await administrator.post('/v1/waitlist', { email: 'ada@example.org' });
  const flag = { imageId: 'img-1', accountId: 'acc-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: [] };
  const ingest = { 'content-type': 'application/cloudevents+json' };
  await administrator.post('/v1/events', cloudEvent('ContentFlagged', flag), ingest);
  await gatehouse.settle();
  expect(lists).toHaveLength(13);
  for (const path of lists) {
    const { status, body } = await administrator.get(path);
    expect([path, status, Number(body.position)]).toEqual([path, 200, expect.any(Number)]);
    expect(Number(body.position)).toBeGreaterThanOrEqual(Number(joined.body.position ?? 1));
  }
});

it('is waited for', async () => {
  const hold = { holdId: 'request-1', reason: 'an order of a court' };
  const { position } = (await administrator.post('/v1/accounts/acc-1/legal-holds', hold)).body;
  const read = administrator.get(`/v1/legal-holds?minPosition=${epoch}-${position}`);
  const early = (await administrator.get('/v1/legal-holds')).body;
  expect([early.items, Number(early.position) < Number(position)]).toEqual([[], true]);
  await gatehouse.settle();
  const late = (await read).body;
  expect(late.items).toMatchObject([{ holdId: 'request-1' }]);
  expect(Number(late.position)).toBeGreaterThanOrEqual(Number(position));
});

it('is refused if it is none, or not of this log', async () => {
  for (const path of lists) {
    expect((await administrator.get(`${path}minPosition=then`)).body.errors).toMatchObject([{ field: 'minPosition' }]);
    for (const gone of ['000000000000-1', '999999999'])
      expect((await administrator.get(`${path}minPosition=${gone}`)).status).toBe(410);
  }
});
