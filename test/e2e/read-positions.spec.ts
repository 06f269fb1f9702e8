import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type DeclaredRoute, DeclaredRoutes } from '../../libs/http/credentials/declared-routes.js';
import { hasMinPosition } from '../../libs/http/min-position.js';
import { ViewReader } from '../../libs/projections/view-reader.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const PROCESS = 'it is about this process and its work, not about the log';
const DOCUMENT = 'it is a document';
const TABLE = 'its rows are stored beside the log, and are as they are at the moment of the request';
const PROOF = 'its format has sizes of the tree instead';
const LOG = 'it is the log: its parameter `after` and the positions of its events say more';

/** Reads that come from no position of the log, and why. */
const EXCEPTIONS: Record<string, string> = {
  '/.well-known/authzen-configuration': DOCUMENT,
  '/asyncapi.json': DOCUMENT,
  '/docs': DOCUMENT,
  '/health/live': PROCESS,
  '/health/ready': PROCESS,
  '/log/checkpoint': PROOF,
  '/log/keys': PROOF,
  '/log/tile/:level/:first': PROOF,
  '/log/tile/:level/:first/:second': PROOF,
  '/log/tile/:level/:first/:second/:third': PROOF,
  '/log/tile/:level/:first/:second/:third/:fourth': PROOF,
  '/metrics': PROCESS,
  '/openapi.json': DOCUMENT,
  '/v1/accesses': LOG,
  '/v1/audit/events': LOG,
  '/v1/audit/replays': TABLE,
  '/v1/audit/who/:name': LOG,
  '/v1/events': LOG,
  '/v1/images/:id/preview': 'it is a picture',
  '/v1/log': LOG,
  '/v1/log-verifications/:id': PROCESS,
  '/v1/metrics/deactivation-latency': TABLE,
  '/v1/quarantine': TABLE,
  '/v1/quarantine/:id': TABLE,
  '/v1/retention-counts': LOG,
  '/v1/settings': PROCESS,
  '/v1/status': PROCESS,
  '/v1/tokens': TABLE,
  '/v1/tokens/:id': TABLE,
  '/v1/views': PROCESS,
  '/v1/views/jobs/:id': PROCESS,
};

let gatehouse: TestGatehouse;
let administrator: Client;
let epoch: string;
let reads: DeclaredRoute[];
/** The lists that can wait for a position, each with a query that it needs. */
let lists: string[];
// biome-ignore lint/suspicious/noExplicitAny: documents have no types here
let document: any;

const handlerOf = ({ controller, handlerName }: DeclaredRoute): object => controller.prototype[handlerName];
const templateOf = (path: string) => path.replaceAll(/:(\w+)/g, '{$1}');
const schemaOf = (path: string) => {
  const { schema } = document.paths[templateOf(path)].get.responses['200'].content['application/json'];
  return schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)] : schema;
};

beforeAll(async () => {
  gatehouse = await startGatehouse();
  administrator = gatehouse.administrator;
  const { body, headers } = await administrator.get('/openapi.json');
  epoch = headers.get('gatehouse-log-epoch')!;
  document = body;
  reads = gatehouse.app
    .get(DeclaredRoutes)
    .all()
    .filter(({ method }) => method === 'GET');
  lists = reads
    .filter(({ path }) => document.paths[templateOf(path)].get.responses['200'].content['application/json'])
    .filter((route) => hasMinPosition(handlerOf(route)) && schemaOf(route.path).properties.nextCursor)
    .map(
      ({ path }) =>
        `${path.replace(':kind/:id', 'image/img-1').replace(':kind', 'policy').replace(':id', 'acc-1')}?${path === '/v1/enforcements' ? 'account=acc-1&' : ''}`,
    );
});
afterAll(() => gatehouse.close());

it('is in the answer of every read, which waits for one, unless the read comes from no position of the log', () => {
  const waiting = reads.filter((route) => hasMinPosition(handlerOf(route)));
  const others = reads.filter((route) => !hasMinPosition(handlerOf(route)));
  expect(others.map(({ path }) => path).sort()).toEqual(Object.keys(EXCEPTIONS).sort());
  for (const { path } of waiting) {
    const { parameters } = document.paths[templateOf(path)].get;
    expect([path, parameters.map(({ name }: { name: string }) => name)]).toEqual([
      path,
      expect.arrayContaining(['minPosition']),
    ]);
    expect([path, Object.keys(schemaOf(path).properties)]).toEqual([path, expect.arrayContaining(['position'])]);
  }
});

it('is in every list of a view, which has passed it', async () => {
  const joined = await administrator.post('/v1/waitlist', { email: 'ada@example.org' });
  const flag = { imageId: 'img-1', accountId: 'acc-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: [] };
  const ingest = { 'content-type': 'application/cloudevents+json' };
  await administrator.post('/v1/events', cloudEvent('ContentFlagged', flag), ingest);
  await gatehouse.settle();
  expect(lists).toHaveLength(24);
  for (const path of lists) {
    const { status, body } = await administrator.get(path);
    expect([path, status, Number(body.position)]).toEqual([path, 200, expect.any(Number)]);
    expect(Number(body.position)).toBeGreaterThanOrEqual(Number(joined.body.position ?? 1));
  }
});

it('is read once for each view of an answer', async () => {
  const reader = gatehouse.app.get(ViewReader);
  const { position } = reader;
  let asked: string[] = [];
  reader.position = (view) => {
    asked.push(view.name);
    return position.call(reader, view);
  };
  try {
    for (const { path } of reads.filter((route) => hasMinPosition(handlerOf(route)))) {
      asked = [];
      const query = path === '/v1/enforcements' ? '?account=acc-1' : '';
      await administrator.get(`${path.replaceAll(/:\w+/g, 'acc-1')}${query}`);
      expect([path, asked.sort()]).toEqual([path, [...new Set(asked)].sort()]);
    }
  } finally {
    reader.position = position;
  }
});

it('is waited for', async () => {
  const image = cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: 'acc-1' });
  expect((await administrator.post('/v1/events', image)).status).toBe(202);
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

it('is waited for by a read of one thing, which then has it', async () => {
  const generated = cloudEvent('ImageGenerated', { imageId: 'img-7', accountId: 'acc-7' });
  const { results } = (await administrator.post('/v1/events', generated)).body;
  const read = administrator.get(`/v1/images/img-7?minPosition=${results[0].position}`);
  expect((await administrator.get('/v1/images/img-7')).status).toBe(404);
  await gatehouse.settle();
  expect(await read).toMatchObject({ status: 200, body: { accountId: 'acc-7' } });
  expect(Number((await read).body.position)).toBeGreaterThanOrEqual(Number(results[0].position));
});

it('is not waited for by a read of the log, which has every write', async () => {
  const { position } = (await administrator.put('/v1/rollout/rate', { perWeek: 77, reason: 'a test', confirm: 77 }))
    .body;
  const { position: policy } = (await administrator.post('/v1/policy', { version: '7' })).body;
  const { status, body } = await administrator.get(`/v1/policy?minPosition=${position}`);
  expect([status, body.position, body.current.version]).toEqual([200, policy, '7']);
});

it('is refused if it is none, or not of this log', async () => {
  for (const path of [...lists, '/v1/policy?', '/v1/images/img-7?']) {
    expect((await administrator.get(`${path}minPosition=1&minPosition=2`)).status).toBe(400);
    expect((await administrator.get(`${path}minPosition=then`)).body.errors).toMatchObject([{ field: 'minPosition' }]);
    for (const gone of ['000000000000-1', '999999999'])
      expect((await administrator.get(`${path}minPosition=${gone}`)).status).toBe(410);
  }
});
