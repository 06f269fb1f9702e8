import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const EVALUATION = '/access/v1/evaluation';
const question = JSON.stringify({
  subject: { type: 'account', id: 'acc-1' },
  action: { name: 'generate' },
  resource: { type: 'product', id: 'images' },
});

let gatehouse: TestGatehouse;
let administrator: Client;

const log: string[] = [];

beforeAll(async () => {
  gatehouse = await startGatehouse({ logSink: { write: (line: string) => log.push(line) } });
  ({ administrator } = gatehouse);
  // From here on the fast path answers evaluations.
  expect((await administrator.post(EVALUATION, question)).status).toBe(200);
});
afterAll(() => gatehouse.close());

type Sent = { headers?: Record<string, string>; body?: string };

/** Sends exactly these headers, with the administrator's credential. */
async function send(method: string, path: string, { headers = {}, body }: Sent = {}) {
  const { port } = new URL(gatehouse.url);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const authorization = `Bearer ${gatehouse.administratorToken}`;
  const sent = httpRequest({
    port,
    host: '127.0.0.1',
    method,
    path,
    headers: { authorization, ...length, ...headers },
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const isProblem = method !== 'HEAD' && answer.headers['content-type']?.startsWith('application/problem+json');
  const code = isProblem ? JSON.parse(bytes.toString()).type.split('/').at(-1) : undefined;
  return { status: answer.statusCode, headers: answer.headers, bytes, code };
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe('methods', () => {
  it.each([
    ['GET', EVALUATION, 'OPTIONS, POST'],
    ['HEAD', EVALUATION, 'OPTIONS, POST'],
    ['PATCH', '/v1/policy', 'GET, HEAD, OPTIONS, POST'],
    ['TRACE', '/v1/policy?a=1', 'GET, HEAD, OPTIONS, POST'],
    ['POST', '/v1/tokens/0123456789abcdef', 'DELETE, GET, HEAD, OPTIONS'],
    ['POST', '/openapi.json', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/health/live', 'GET, HEAD, OPTIONS'],
  ])('that a path lacks, %s %s, are answered 405 with those that it has', async (method, path, allow) => {
    const answer = await send(method, path);
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
    if (method !== 'HEAD') expect(answer.code).toBe('method-not-allowed');
    const options = await send('OPTIONS', path);
    expect([options.status, options.headers.allow, options.bytes.length]).toEqual([204, allow, 0]);
  });

  it('of paths that are no route are answered 404, the method OPTIONS too', async () => {
    for (const method of ['POST', 'DELETE', 'OPTIONS'])
      expect((await send(method, '/nowhere')).code).toBe('route-unknown');
    expect((await send('OPTIONS', '*')).headers.allow).toBe('DELETE, GET, HEAD, OPTIONS, POST, PUT');
  });

  it.each(['PROPFIND', 'LOCK'])('that no path has, like %s, are answered 501', async (method) => {
    for (const path of [EVALUATION, '/nowhere'])
      expect(await send(method, path)).toMatchObject({ status: 501, code: 'method-unknown' });
  });

  it.each(['BREW', 'brew', 'get', 'CONNECT'])(
    'that are no methods to Node, like %s, are answered 501',
    async (method) => {
      const socket = connect(Number(new URL(gatehouse.url).port), '127.0.0.1');
      socket.write(`${method} /v1/policy HTTP/1.1\r\nhost: a\r\n\r\n`);
      let text = '';
      for await (const chunk of socket.setEncoding('utf8')) text += chunk;
      expect(text).toContain('HTTP/1.1 501 Not Implemented');
      expect(text).toContain('/problems/method-unknown');
    },
  );
});

describe('bodies', () => {
  it.each([EVALUATION, '/v1/policy'])('in an encoding are refused with the ones that %s accepts', async (path) => {
    for (const encoding of ['gzip', 'br', 'GZIP', 'identity, gzip']) {
      const headers = { ...JSON_TYPE, 'content-encoding': encoding };
      const answer = await send('POST', path, { headers, body: question });
      expect([answer.status, answer.code, answer.headers['accept-encoding']]).toEqual([
        415,
        'unsupported-media-type',
        'identity',
      ]);
    }
    const headers = { ...JSON_TYPE, 'content-encoding': 'Identity' };
    expect((await send('POST', path, { headers, body: question })).status).not.toBe(415);
  });

  it('are no reason for an answer until the credential is known', async () => {
    for (const path of [EVALUATION, '/v1/policy'])
      for (const type of [JSON_TYPE, { 'content-type': 'text/plain' }]) {
        const headers = { ...type, 'content-encoding': 'gzip', authorization: 'Bearer wrong' };
        expect(await send('POST', path, { headers, body: question })).toMatchObject({ status: 401 });
      }
  });

  it('may be absent although their type is named, where none is needed', async () => {
    const { id } = (await administrator.post('/v1/tokens', { name: 'short-lived', roles: ['service'] })).body;
    for (const length of [{}, { 'content-length': '0' }] as Record<string, string>[]) {
      const answer = await send('DELETE', `/v1/tokens/${id}`, { headers: { ...JSON_TYPE, ...length } });
      expect([answer.status, answer.code]).toEqual([200, undefined]);
    }
    expect((await send('POST', '/v1/cases/none/claim', { headers: JSON_TYPE, body: '' })).code).toBe('case-unknown');
    expect((await send('POST', '/v1/tokens', { headers: JSON_TYPE, body: '' })).code).toBe('invalid-input');
  });
});

it('are warned of if a proxy forwards them that is not listed', async () => {
  const warnings = () => log.filter((line) => line.includes('GATEHOUSE_TRUSTED_PROXIES'));
  expect(warnings()).toEqual([]);
  await send('GET', '/health/live', { headers: { 'x-forwarded-for': '198.51.100.1' } });
  expect(warnings().map((line) => JSON.parse(line))).toMatchObject([{ level: 'warn', address: '127.0.0.1' }]);
});

describe('answers', () => {
  const unpacked = { gzip: gunzipSync, br: brotliDecompressSync };

  it.each([
    ['gzip', 'gzip'],
    ['GZIP;q=0.5, br;q=0.8', 'br'],
    ['gzip;q=0, *', 'br'],
    ['identity, gzip;q=0.1', undefined],
    ['gzip;q=0', undefined],
    ['deflate', undefined],
    ['', undefined],
  ])('of some length are sent for Accept-Encoding: %s in %s', async (accepted, expected) => {
    await administrator.post(
      '/v1/events',
      Array.from({ length: 20 }, (_, n) => cloudEvent('ImageShared', { imageId: `img-${n}`, accountId: 'acc-1' })),
    );
    for (const path of ['/openapi.json', '/docs', '/v1/events?limit=20', '/metrics']) {
      const [plain, packed] = [
        await send('GET', path),
        await send('GET', path, { headers: { 'accept-encoding': accepted } }),
      ];
      expect([path, plain.headers['content-encoding'], packed.headers['content-encoding']]).toEqual([
        path,
        undefined,
        expected,
      ]);
      expect([path, plain.headers.vary, packed.headers.vary]).toEqual([path, 'accept-encoding', 'accept-encoding']);
      expect(Number(packed.headers['content-length'])).toBe(packed.bytes.length);
      const bytes = expected ? unpacked[expected as 'br'](packed.bytes) : packed.bytes;
      if (path !== '/metrics') expect(bytes.equals(plain.bytes)).toBe(true);
    }
  });

  it('to HEAD have the length of those to GET, and one without a body has none', async () => {
    for (const path of [
      '/openapi.json',
      '/docs',
      '/v1/policy',
      '/v1/events',
      '/v1/tokens/none',
      '/health/live',
      '/nowhere',
    ])
      for (const encoding of ['identity', 'gzip', 'br']) {
        const headers = { 'accept-encoding': encoding };
        const got = await send('GET', path, { headers });
        const head = await send('HEAD', path, { headers });
        const about = (answer: typeof got) => [
          answer.status,
          ...['content-type', 'content-length', 'content-encoding', 'vary', 'etag'].map((name) => answer.headers[name]),
        ];
        expect([path, ...about(head)]).toEqual([path, ...about(got)]);
        // The tag of what can be edited names its last change, and not what the clock has made of it.
        if (got.headers.etag === undefined || path.startsWith('/v1/')) continue;
        for (const method of ['GET', 'HEAD']) {
          const again = await send(method, path, { headers: { ...headers, 'if-none-match': got.headers.etag } });
          expect([method, path, again.status, again.headers['content-length']]).toEqual([method, path, 304, undefined]);
        }
      }
  });

  it('that are OpenMetrics are compressed too', async () => {
    const headers = { accept: 'application/openmetrics-text', 'accept-encoding': 'gzip' };
    const answer = await send('GET', '/metrics', { headers });
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/openmetrics-text/),
      'content-encoding': 'gzip',
    });
    expect(gunzipSync(answer.bytes).toString()).toMatch(/# EOF\n$/);
  });

  it('that are short are not compressed', async () => {
    const headers = { ...JSON_TYPE, 'accept-encoding': 'gzip' };
    for (const answer of [
      await send('POST', EVALUATION, { headers, body: question }),
      await send('GET', '/health/live', { headers }),
    ])
      expect([answer.status, answer.headers['content-encoding'], answer.headers.vary]).toEqual([
        200,
        undefined,
        undefined,
      ]);
  });

  it.each(['/openapi.json', '/asyncapi.json', '/docs'])('of %s are kept until the document changes', async (path) => {
    const tags = new Set<string>();
    for (const encoding of ['identity', 'gzip', 'br']) {
      const { headers } = await send('GET', path, { headers: { 'accept-encoding': encoding } });
      expect(headers['cache-control']).toBe('no-cache');
      tags.add(headers.etag!);
      for (const known of [headers.etag!, `"other", W/${headers.etag}`, '*']) {
        const again = await send('GET', path, { headers: { 'accept-encoding': encoding, 'if-none-match': known } });
        expect([again.status, again.bytes.length, again.headers.etag]).toEqual([304, 0, headers.etag]);
      }
    }
    expect(tags.size).toBe(3);
  });

  it('name what was created wherever they have 201', async () => {
    const { paths } = (await administrator.get('/openapi.json')).body as { paths: Record<string, object> };
    const created = Object.entries(paths).flatMap(([path, operations]) =>
      Object.values(operations).flatMap(({ responses }: { responses: Record<string, { headers?: object }> }) =>
        responses[201] ? [[path, Object.keys(responses[201].headers ?? {})]] : [],
      ),
    );
    expect(created.length).toBeGreaterThan(2);
    for (const [path, headers] of created) expect([path, headers]).toEqual([path, ['Location']]);
  });

  it('with 201 or 202 name what was created, which can be read there', async () => {
    const created: [string, object][] = [
      ['/v1/tokens', { name: 'tool', roles: ['service'] }],
      ['/v1/policy', { version: '2022-05-18', url: 'https://example.org/policy' }],
      ['/v1/views/verify', { views: ['cases'] }],
    ];
    for (const [path, body] of created) {
      const answer = await administrator.post(path, body);
      const location = answer.headers.get('location');
      expect([path, location]).toEqual([path, expect.stringMatching(/^\/v1\//)]);
      expect([location, (await administrator.get(location!)).status]).toEqual([location, 200]);
    }
    expect((await administrator.get('/v1/tokens/none')).body.type).toMatch(/token-unknown$/);
  });
});

describe('media types', () => {
  it.each<[string | undefined, boolean]>([
    ['text/event-stream', true],
    ['Text/Event-Stream', true],
    ['text/event-stream; charset=utf-8', true],
    ['application/json;q=0.5, text/event-stream', true],
    ['text/event-stream, */*;q=0.1', true],
    ['text/event-stream;q=0', false],
    ['text/event-stream; q=0', false],
    ['text/event-stream; a="b, c" ; q=0', false],
    ['text/event-stream; a="b, text/html;q=1"; q=0.9, application/json; q=0.1', true],
    ['application/json; a="b\\", text/event-stream"', false],
    ['application/json, text/event-stream;q=0', false],
    ['text/event-stream;q=0.5, application/json', false],
    ['application/json, text/event-stream', false],
    ['*/*', false],
    ['text/html', false],
    ['', false],
    [undefined, false],
  ])('Accept: %s gets the endless stream: %p', async (accept, isStream) => {
    const stop = new AbortController();
    const headers = {
      authorization: `Bearer ${gatehouse.administratorToken}`,
      ...(accept === undefined ? {} : { accept }),
    };
    const answer = await fetch(`${gatehouse.url}/v1/events`, { headers, signal: stop.signal });
    expect(answer.headers.get('content-type')).toMatch(isStream ? /^text\/event-stream/ : /^application\/json/);
    stop.abort();
  });

  it('of metrics are Prometheus’s or OpenMetrics, without a gauge that is named like a counter', async () => {
    const prometheus =
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';
    const open = await administrator.get('/metrics', { accept: prometheus });
    expect(open.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(open.body).toMatch(/\n# EOF\n$/);
    expect(open.body).not.toContain('\n\n');
    expect(open.body).toMatch(/^# TYPE gatehouse_projector_errors counter$/m);
    expect(open.body).toMatch(/^gatehouse_projector_errors_total 0$/m);
    expect(open.body).toMatch(/_bucket\{le="1\.0",/);
    const { body, headers } = await administrator.get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body).toMatch(/^# TYPE gatehouse_projector_errors_total counter$/m);
    const types = [...(body as string).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(types.filter((line) => /_total (?!counter)/.test(line))).toEqual([]);
    expect(types.filter((line) => / counter$/.test(line) && !/_total /.test(line))).toEqual([]);
  });
});

describe.each(['/openapi.json', '/asyncapi.json', '/docs'])('%s for a client that holds a copy', (path) => {
  const held = async () => (await administrator.get(path)).headers.get('etag')!;

  it('is not sent again while the copy is the same', async () => {
    const etag = await held();
    expect(etag).toMatch(/^"[\w-]{43}(-gzip)?"$/);
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, body, headers } = await administrator.get(path, { 'if-none-match': tags });
      expect([tags, status, body, headers.get('etag')]).toEqual([tags, 304, '', etag]);
    }
  });

  it('is sent if the copy is another one', async () => {
    const { status, body, headers } = await administrator.get(path, { 'if-none-match': '"of-an-earlier-release"' });
    expect([status, headers.get('etag')]).toEqual([200, await held()]);
    expect(body).toEqual((await administrator.get(path)).body);
  });
});
