import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { readSettings } from '../platform/configuration/settings.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { answerAhead } from './answer-ahead.js';
import { Draining } from './draining.js';
import { createHttpAdapter } from './http-adapter.js';
import { RequestDurations } from './request-durations.js';
import { ResponseHeaders } from './response-headers.js';

const JSON_UTF8 = 'application/json; charset=utf-8';
const metrics = new Metrics();
const draining = new Draining();
const headers = new ResponseHeaders({ current: '9c1f03ab55d2' });
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let server: FastifyInstance;

/** Answers `{"ahead":…}` as its text; for others it does what they name. The route answers `{"route":…}`. */
function answer(json: unknown): string | undefined | Promise<string | undefined> {
  const { ahead } = json as { ahead?: unknown };
  if (ahead === 'throws') throw new Error('planted');
  if (ahead === 'rejects') return Promise.reject(new Error('planted'));
  if (ahead === 'passes later') return Promise.resolve(undefined);
  if (ahead === 'later') return Promise.resolve('{"by":"ahead"}');
  return ahead === 'now' ? '{"by":"ahead"}' : undefined;
}

beforeAll(async () => {
  server = (await createHttpAdapter(readSettings({}), headers)).getInstance();
  const durations = new RequestDurations(metrics);
  durations.measure(server);
  server.post('/question', async (request, reply) => {
    reply.header('content-type', JSON_UTF8);
    return JSON.stringify({ by: 'route', body: request.body });
  });
  server.post('/same', async (_request, reply) => reply.header('content-type', JSON_UTF8).send('{"by":"ahead"}'));
  answerAhead(server, '/question', answer, { durations, draining, headers });
  await server.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  agent.destroy();
  await server.close();
});

type Options = { path?: string; headers?: Record<string, string>; pieces?: readonly Buffer[]; chunked?: boolean };

/** Posts a body, each piece once the one before was sent. */
async function post(body: string | Buffer, { path = '/question', headers, pieces, chunked }: Options = {}) {
  const { port } = server.server.address() as AddressInfo;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const sent = { 'content-type': 'application/json', ...(!chunked && length), ...headers };
  const request = httpRequest({ port, host: '127.0.0.1', path, method: 'POST', agent, headers: sent });
  for (const piece of pieces ?? [Buffer.from(body)]) await new Promise((resolve) => request.write(piece, resolve));
  request.end();
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  const fields: string[] = response.rawHeaders.map((field: string) => field.replace(SPAN, ''));
  return { status: response.statusCode, text, fields: fields.filter((_, n) => fields[n - (n % 2)] !== 'Date') };
}

/** Of a trace's header: the part that each request draws at random. */
const SPAN = /(?<=^00-[0-9a-f]{32}-)[0-9a-f]{16}/;
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const json = (ahead: string) => JSON.stringify({ ahead });
const byRoute = (ahead: string) => JSON.stringify({ by: 'route', body: { ahead } });

it.each(['now', 'later'])('answers %s in the same bytes as a route, with the id of the request', async (when) => {
  for (const requestId of [undefined, 'bfe9eb29', 'Z, "2"']) {
    const headers: Record<string, string> = {
      traceparent,
      ...(requestId !== undefined && { 'x-request-id': requestId }),
    };
    const ahead = await post(json(when), { headers });
    expect(ahead.text).toBe('{"by":"ahead"}');
    expect(ahead.fields).toContain(traceparent.replace(SPAN, ''));
    expect(ahead).toEqual(await post(json(when), { headers, path: '/same' }));
    expect(ahead.fields.includes('x-request-id')).toBe(requestId !== undefined);
    if (requestId !== undefined) expect(ahead.fields).toContain(requestId);
  }
});

it.each(['throws', 'rejects', 'passes', 'passes later'])('lets the route answer if the answer %s', async (ahead) => {
  expect(await post(json(ahead))).toMatchObject({ status: 200, text: byRoute(ahead) });
});

it.each<[string, string | Buffer, Options, number]>([
  ['is chunked', json('now'), { chunked: true }, 200],
  ['is long', JSON.stringify({ ahead: 'now', filler: 'x'.repeat(16 * 1024) }), {}, 200],
  ['has to be asked for', json('now'), { headers: { expect: '100-continue' } }, 200],
  ['has a query', json('now'), { path: '/question?a=1' }, 200],
  ['is not plain JSON', json('now'), { headers: { 'content-type': 'application/json; charset=latin1' } }, 200],
  ['is encoded', json('now'), { headers: { 'content-encoding': 'gzip' } }, 415],
  ['has another type', json('now'), { headers: { 'content-type': 'text/html' } }, 415],
  ['is no JSON', '{"ahead":"now"', {}, 400],
  ['is not UTF-8', Buffer.from('{"ahead":"now","a":"\xff"}', 'latin1'), {}, 400],
  ['would set a prototype', '{"ahead":"now","__proto__":{}}', {}, 400],
])('leaves a body to the route that %s', async (_, body, options, status) => {
  const { status: answered, text } = await post(body, options);
  expect([answered, text.includes('"by":"ahead"')]).toEqual([status, false]);
});

it('hands the route any body unchanged, in two pieces that are cut anywhere', async () => {
  const anyBody = fc.dictionary(fc.string(), fc.string({ maxLength: 40, unit: 'binary' }), { maxKeys: 20 });
  await fc.assert(
    fc.asyncProperty(anyBody, fc.constantFrom('passes', 'passes later'), fc.nat(), async (other, ahead, at) => {
      const body = JSON.stringify({ ahead, other: Object.entries(other) });
      const bytes = Buffer.from(body);
      const cut = at % bytes.length;
      const { text } = await post(body, { pieces: [bytes.subarray(0, cut), bytes.subarray(cut)] });
      expect(text).toBe(`{"by":"route","body":${body}}`);
    }),
    { numRuns: 50 },
  );
});

it('records each request once, answered ahead or by the route', async () => {
  metrics.registry.resetMetrics();
  for (const ahead of ['now', 'later', 'passes', 'passes later']) await post(json(ahead));
  await post(json('now')); // on the same connection, so the ones before have ended
  const { values } = (await metrics.registry.getSingleMetric('gatehouse_http_request_duration_seconds')!.get()) as {
    values: { metricName?: string; value: number; labels: object }[];
  };
  const [count, ...more] = values.filter(({ metricName }) => metricName?.endsWith('_count'));
  expect([more, count?.labels]).toEqual([[], { method: 'POST', route: '/question', status: 200 }]);
  expect([4, 5]).toContain(count!.value);
});

it('leaves every request to the routes once the server stops', async () => {
  draining.onModuleDestroy();
  expect((await post(json('now'))).text).toBe(byRoute('now'));
});
