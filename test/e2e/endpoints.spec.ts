import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { catalogue } from '../../apps/composition/catalogue.js';
import { AccessReplica } from '../../libs/access/decision-point/access-replica.js';
import { DeclaredRoutes } from '../../libs/http/credentials/declared-routes.js';
import { jsonText } from '../../libs/ingest/json-text.js';
import { expectProblem, expectResults } from '../support/expected-answers.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { runs } from '../support/runs.js';
import { mutated, strangeText, strangeValue } from '../support/strange-input.js';
import { validBodies } from '../support/valid-bodies.js';

const STRUCTURED = 'application/cloudevents+json';
const BATCHED = 'application/cloudevents-batch+json';
const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

const now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let service: Client;
let images = 0;

beforeAll(async () => {
  const env = { GATEHOUSE_SCHEDULER: 'off', GATEHOUSE_ACCESS_WAIT_MS: '20' };
  gatehouse = await startGatehouse({ clock: { now: () => now }, background: true, env });
  service = await gatehouse.as('reporter', 'service');
});
afterAll(() => gatehouse.close());

const send = (body: unknown, type = 'application/json', headers = {}) =>
  service.post('/v1/events', typeof body === 'string' ? body : jsonText(body), { 'content-type': type, ...headers });
const shared = (data = {}, attributes = {}) =>
  cloudEvent('ImageShared', { imageId: `endpoint-${++images}`, accountId: 'acc-1', ...data }, attributes);

describe('the endpoint for events', () => {
  it('answers any JSON with results or a problem', async () => {
    await fc.assert(
      fc.asyncProperty(strangeValue, fc.constantFrom('application/json', STRUCTURED, BATCHED), async (body, type) => {
        const answer = await send(body, type);
        if (answer.status === 202) expectResults(answer, Array.isArray(body) ? body.length : 1, type);
        else expectProblem(answer, type);
      }),
      { numRuns: runs(40, 150) },
    );
  });

  it('accepts the neighbours of every malformed event, and quarantines it with its reason and its bytes', async () => {
    const accepted = catalogue.events.filter(({ contract, fact, type }) => contract || fact || type === 'VerdictGiven');
    const event = fc.constantFrom(...accepted).chain(({ type, example }) => {
      const time = new Date(now).toISOString();
      const valid = {
        specversion: '1.0',
        id: 'fuzz',
        source: '/fuzz',
        type,
        time,
        datacontenttype: 'application/json',
      };
      return mutated({ ...valid, schemaversion: '1', correlationid: 'c-1', data: example });
    });
    const neighbours: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 4 }), async (events) => {
        const batch = [shared(), ...events.flatMap((one) => [one, shared()])];
        const results = expectResults(await send(batch, BATCHED), batch.length, jsonText(events));
        for (const [n, { outcome, position, quarantineId }] of results.entries()) {
          if (n % 2 === 0) {
            expect(outcome).toBe('accepted');
            neighbours.push(`${position} ${batch[n]!.id}`);
          } else if (quarantineId && n === 1) {
            const entry = (await gatehouse.administrator.get(`/v1/quarantine/${quarantineId}`)).body;
            expect(entry.raw).toBe(jsonText(batch[n]));
          }
        }
      }),
      { numRuns: runs(40, 120) },
    );
    expect(new Set(neighbours).size).toBe(neighbours.length);
    const { events: stored } = (await gatehouse.administrator.get('/v1/log?limit=2000&types=ImageShared')).body;
    const positions = new Set(stored.map((one: { position: string }) => one.position));
    expect(neighbours.filter((one) => !positions.has(one.split(' ')[0]))).toEqual([]);
  });

  it.each([
    ['an unknown type', { type: 'ImageEaten' }, 'unknown-type', 'type'],
    ['a type that is not accepted', { type: 'CaseOpened' }, 'type-not-accepted', 'type'],
    ['an unknown version', { schemaversion: 2 }, 'unknown-version', 'schemaversion'],
    ['another version of CloudEvents', { specversion: '0.3' }, 'unsupported-specversion', 'specversion'],
    ['no id', { id: undefined }, 'missing-attribute', 'id'],
    ['an id of 201 characters', { id: 'x'.repeat(201) }, 'invalid-attribute', 'id'],
    ['a control character in its id', { id: 'a\u0007b' }, 'invalid-attribute', 'id'],
    ['half a character in its source', { source: '/\udc00' }, 'invalid-attribute', 'source'],
    ['a time in the far future', { time: '9999-01-01T00:00:00Z' }, 'time-in-the-future', 'time'],
    ['a time that is none', { time: 'yesterday' }, 'invalid-time', 'time'],
    ['a time just too far ahead', { time: new Date(now + HOUR_MS + 1).toISOString() }, 'time-in-the-future', 'time'],
    ['no data', { data: undefined }, 'invalid-data', '/data'],
    ['base64 data without a field', { data: undefined, data_base64: 'e30=' }, 'invalid-data', '/data/imageId'],
    ['a missing field', { data: { imageId: 'i' } }, 'invalid-data', '/data/accountId'],
    ['a wrong type', { data: { imageId: 7, accountId: 'a' } }, 'invalid-data', '/data/imageId'],
    [
      'an entity id of 201 characters',
      { data: { imageId: 'x'.repeat(201), accountId: 'a' } },
      'invalid-data',
      '/data/imageId',
    ],
    [
      'a control character in its data',
      { data: { imageId: 'a\u0000', accountId: 'a' } },
      'invalid-data',
      '/data/imageId',
    ],
  ])('quarantines an event with %s, and names the field', async (_, change, reason, field) => {
    const answer = await send([shared(), { ...shared(), ...change }, shared()], BATCHED);
    const results = expectResults(answer, 3, reason);
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'quarantined', 'accepted']);
    expect(results[1]).toMatchObject({ reason, field });
    const { quarantineId } = results[1]!;
    expect((await gatehouse.administrator.get(`/v1/quarantine/${quarantineId}`)).body).toMatchObject({
      reason,
      field,
      status: 'waiting',
    });
    expect((await service.post(`/v1/quarantine/${quarantineId}/replay`)).body).toMatchObject({
      outcome: 'quarantined',
      reason,
    });
  });

  it('treats an event nested as deep as its size allows as malformed, and accepts the next one', async () => {
    const deep = `${'['.repeat(MIB / 2 - 1000)}${']'.repeat(MIB / 2 - 1000)}`;
    const event = JSON.stringify({ ...shared(), data: 0 }).replace('"data":0', `"data":${deep}`);
    expect(expectResults(await send(`[${event},${JSON.stringify(shared())}]`, BATCHED), 2, 'deep')).toMatchObject([
      { outcome: 'quarantined', reason: 'invalid-data', field: '/data' },
      { outcome: 'accepted' },
    ]);
  });

  it('accepts a batch of 1,000 and refuses a larger one and a body over 1 MiB as a whole', async () => {
    const batch = Array.from({ length: 1000 }, () => shared());
    expect(
      expectResults(await send(batch, BATCHED), 1000, 'batch').every(({ outcome }) => outcome === 'accepted'),
    ).toBe(true);
    const refusals = [
      await send([...batch, shared()], BATCHED),
      await send({}, BATCHED),
      await send([shared()], STRUCTURED),
      await send(`"${'x'.repeat(MIB)}"`),
    ];
    for (const answer of refusals) expectProblem(answer, answer.body.type);
    expect(refusals.map(({ status }) => status)).toEqual([413, 400, 400, 413]);
  });

  it.each([
    ['cut off', '{"specversion":"1.0"', 'application/json', 400],
    ['cut off, structured', '{"specversion":"1.0"', STRUCTURED, 400],
    ['empty', '', STRUCTURED, 400],
    ['two documents', '{}{}', 'application/json', 400],
    ['not JSON', 'hello', 'application/json', 400],
    ['text', '{}', 'text/plain', 415],
    ['a form', 'a=b', 'application/x-www-form-urlencoded', 415],
    ['XML', '<event/>', 'application/cloudevents+xml', 415],
    ['a nonsense content type', '{}', ';;;', 415],
  ])('refuses a body that is %s', async (_, body, type, status) => {
    const answer = await send(body, type);
    expectProblem(answer, type);
    expect(answer.status).toBe(status);
  });

  /** Over a socket of its own, since fetch corrects what it sends. */
  const raw = (body: Buffer, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(gatehouse.url);
      const authorization = `Bearer ${gatehouse.administratorToken}`;
      const options = {
        port,
        host: '127.0.0.1',
        path: '/v1/events',
        method: 'POST',
        headers: { authorization, ...headers },
      };
      const asked = request(options, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode!));
      });
      asked.on('error', reject).end(body);
    });

  it('refuses a compressed body, and accepts one whose Content-Encoding is identity', async () => {
    const headers = { 'content-type': STRUCTURED };
    expect(await raw(gzipSync('{}'), { ...headers, 'content-encoding': 'gzip' })).toBe(415);
    expect(await raw(Buffer.from('{}'), { ...headers, 'content-encoding': 'identity' })).toBe(202);
  });

  it('refuses bytes that are not UTF-8, of a known length or in chunks', async () => {
    for (const type of ['application/json', STRUCTURED, BATCHED]) {
      for (const bytes of [[0xff], [0x22, 0xc3, 0x28, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]]) {
        const body = Buffer.from([...Buffer.from('{"id":'), ...bytes, ...Buffer.from('}')]);
        const lengths: Record<string, string>[] = [
          { 'content-length': String(body.length) },
          { 'transfer-encoding': 'chunked' },
        ];
        for (const length of lengths) {
          const status = await raw(body, { 'content-type': type, ...length });
          expect([type, bytes, length, status]).toEqual([type, bytes, length, 400]);
        }
      }
    }
    expect(await raw(Buffer.alloc(MIB + 1, ' '), { 'content-type': STRUCTURED, 'transfer-encoding': 'chunked' })).toBe(
      413,
    );
  });
});

describe('every route', () => {
  const FIELDS = [
    'after',
    'types',
    'stream',
    'limit',
    'status',
    'cursor',
    'by',
    'from',
    'to',
    'asOf',
    '__proto__',
    'x',
  ];
  const text = fc.oneof(
    strangeText,
    fc.constantFrom('0', '1', '2022-05-18', 'day', 'waiting', 'WyIxIl0', randomUUID()),
  );
  const query = fc.array(fc.tuple(fc.constantFrom(...FIELDS), text), { maxLength: 3 });
  const escaped = (value: string) => encodeURIComponent(value.replaceAll(/\p{Cs}/gu, '\ufffd'));

  it('answers no path, query or body with an internal error', async () => {
    const routes = gatehouse.app
      .get(DeclaredRoutes)
      .all()
      .filter(({ path }) => path !== '/v1/events' && path !== '/metrics');
    const asked = fc.constantFrom(...routes).chain((route) =>
      fc.record({
        route: fc.constant(route),
        id: fc.oneof(text, fc.constantFrom('acc-1', 'endpoint-1')),
        query,
        body: fc.oneof(strangeValue, ...(validBodies[`${route.method} ${route.path}`] ?? [{ a: 1 }]).map(mutated)),
      }),
    );
    await fc.assert(
      fc.asyncProperty(asked, async ({ route: { method, path }, id, query: parameters, body }) => {
        const search = parameters.map(([name, value]) => `${name}=${escaped(value)}`).join('&');
        const url = `${path.replaceAll(/:\w+/g, escaped(id) || '-')}${search ? `?${search}` : ''}`;
        const { administrator } = gatehouse;
        const answer =
          method === 'GET'
            ? await administrator.get(url)
            : method === 'DELETE'
              ? await administrator.delete(url)
              : await administrator[method.toLowerCase() as 'post' | 'put'](url, jsonText(body));
        // Another request may have begun a replay, and only one goes on at a time.
        if (answer.status === 503) expect(answer.body.type).toMatch(/\/replay-running$/);
        else if (answer.status >= 400) expectProblem(answer, [method, url, jsonText(body).slice(0, 300)]);
      }),
      { numRuns: runs(150, 500) },
    );
  });

  const NUL = '\u0000';
  const question = validBodies['POST /access/v1/evaluation']![0]!;

  it.each([
    ['GET', '/v1/log?stream=%00', null],
    ['GET', '/v1/log?stream=account-a%00&types=ImageShared', null],
    ['POST', '/access/v1/evaluation', { ...question, subject: { type: 'account', id: NUL } }],
    ['POST', '/access/v1/evaluation', { ...question, resource: { type: 'image', id: NUL } }],
    ['POST', '/access/v1/evaluation', { ...question, context: { minPosition: { toString: 1, valueOf: 1 } } }],
    ['POST', '/access/v1/evaluation', { ...question, context: { minPosition: true } }],
    ['POST', '/access/v1/evaluation', { ...question, context: { minPosition: [[7]] } }],
    ['POST', '/access/v1/evaluation', { ...question, context: { minPosition: '0x10' } }],
    [
      'POST',
      '/access/v1/evaluation',
      { ...question, context: { minPosition: JSON.parse(`${'['.repeat(99_999)}${']'.repeat(99_999)}`) } },
    ],
    ['POST', '/access/v1/evaluations', { ...question, evaluations: Array.from({ length: 1001 }, () => ({})) }],
  ] as [string, string, unknown][])('refuses %s %s with an id that nothing can have', async (method, path, body) => {
    const { administrator } = gatehouse;
    const answer = await (method === 'GET' ? administrator.get(path) : administrator.post(path, jsonText(body)));
    expectProblem(answer, path);
    expect([answer.status, answer.body.errors?.length]).toEqual([400, 1]);
  });

  it('waits once for a position beyond the head of the log, then answers 410', async () => {
    const { administrator, app } = gatehouse;
    const { position } = (await administrator.post('/access/v1/evaluation', question)).body.context;
    const wait = jest.spyOn(app.get(AccessReplica), 'waitFor');
    const beyond = { ...question, context: { minPosition: String(Number(position) + 1_000) } };
    const { status, body } = await administrator.post('/access/v1/evaluation', beyond);
    expect([status, body.type]).toEqual([410, expect.stringMatching(/position-gone$/)]);
    expect(wait).toHaveBeenCalledTimes(1);
    wait.mockRestore();
  });

  it('reads the feed and the log from any position without an internal error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('/v1/events', '/v1/log'), query, async (path, parameters) => {
        const search = parameters.map(([name, value]) => `${name}=${escaped(value)}`).join('&');
        const answer = await gatehouse.administrator.get(`${path}?${search}`);
        if (answer.status !== 200) expectProblem(answer, search);
      }),
      { numRuns: runs(40, 150) },
    );
    for (const id of ['x', '-1', '99999999999999999', '1e3']) {
      const headers = { accept: 'text/event-stream', 'last-event-id': id };
      expectProblem(await gatehouse.administrator.get('/v1/events', headers), id);
    }
  });
});
