import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
const tracestate = 'congo=t61rcWkgMzE';
const question = {
  subject: { type: 'account', id: 'acc-1' },
  action: { name: 'generate' },
  resource: { type: 'product', id: 'images' },
};
const WRONG = [
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  traceparent.toUpperCase(),
  `${traceparent}-more`,
  'nonsense',
];

let gatehouse: TestGatehouse;
let service: Client;
beforeAll(async () => {
  gatehouse = await startGatehouse();
  service = await gatehouse.as('image-service', 'service');
});
afterAll(() => gatehouse.close());

const OWN = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00$/;
const CONTINUED = new RegExp(`^00-${TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`);

it('every answer names its trace: the caller’s, or one of its own that nobody records', async () => {
  const ask: [string, (headers: Record<string, string>) => Promise<{ headers: Headers }>][] = [
    ['by a route', (headers) => service.get('/health/live', headers)],
    ['about an unknown path', (headers) => service.get('/nowhere', headers)],
    ['about a malformed path', (headers) => service.get('/v1/images/%zz', headers)],
    ['refused', (headers) => service.get('/v1/tokens', headers)],
    ['by the route of evaluations', (headers) => service.post('/access/v1/evaluation?', question, headers)],
    ['ahead of it', (headers) => service.post('/access/v1/evaluation', question, headers)],
  ];
  for (const [name, send] of ask) {
    const answers = await Promise.all([{}, ...WRONG.map((wrong) => ({ traceparent: wrong }))].map(send));
    const own = answers.map(({ headers }) => headers.get('traceresponse'));
    for (const header of own) expect([name, header]).toEqual([name, expect.stringMatching(OWN)]);
    expect(new Set(own).size).toBe(own.length);
    const continued = (await send({ traceparent })).headers.get('traceresponse');
    expect([name, continued]).toEqual([name, expect.stringMatching(CONTINUED)]);
  }
});

async function published(id: string): Promise<Record<string, string>> {
  const { events } = (await service.get('/v1/events?limit=2000')).body;
  return events.find((event: { id: string }) => event.id === id);
}

it('events keep the trace of their sender or else of their request, with its tracestate', async () => {
  const shared = (attributes: object) =>
    cloudEvent('ImageShared', { imageId: 'img-1', accountId: 'acc-1' }, attributes as never);
  const own = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
  const sent = {
    plain: shared({ id: 'plain' }),
    own: shared({ id: 'own', traceparent: own, tracestate: 'rojo=1' }),
    ownAlone: shared({ id: 'own-alone', traceparent: own }),
    wrong: shared({ id: 'wrong', traceparent: WRONG[0], tracestate: 'rojo=1' }),
  };
  const { status } = await service.post('/v1/events', Object.values(sent), { traceparent, tracestate });
  expect(status).toBe(202);
  const continued = { traceparent: expect.stringMatching(CONTINUED), tracestate };
  expect(await published('plain')).toMatchObject(continued);
  expect(await published('wrong')).toMatchObject(continued);
  expect(await published('own')).toMatchObject({ traceparent: own, tracestate: 'rojo=1' });
  expect(await published('own-alone')).toMatchObject({ traceparent: own });
  expect(await published('own-alone')).not.toHaveProperty('tracestate');
  await service.post('/v1/events', [shared({ id: 'odd' })], { traceparent, tracestate: 'UPPER=1' });
  expect(await published('odd')).not.toHaveProperty('tracestate');
});

it('what follows from a command is in its trace', async () => {
  const operator = await gatehouse.as('olga', 'operator');
  await operator.post('/v1/policy', { version: '1', url: 'https://example.org/1' }, { traceparent, tracestate });
  const { events } = (await gatehouse.administrator.get('/v1/log?stream=policy')).body;
  expect(events.at(-1).metadata).toMatchObject({ traceparent: expect.stringMatching(CONTINUED), tracestate });
});

it('what is recorded about a request is in its trace', async () => {
  const wanted = { name: 'traced', roles: ['service'] };
  await gatehouse.administrator.post('/v1/tokens', wanted, { traceparent, tracestate });
  const { events } = (await gatehouse.administrator.get('/v1/log?stream=audit&types=TokenCreated&limit=2000')).body;
  const recorded = events.find(({ data }: { data: { name: string } }) => data.name === 'traced');
  expect(recorded.metadata).toMatchObject({ traceparent: expect.stringMatching(CONTINUED), tracestate });
});
