import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BATCHED, STRUCTURED } from '../../libs/events/cloud-event.js';
import { Ingest } from '../../libs/ingest/ingest.js';
import { eventOf } from '../../libs/kafka/binding.js';
import { anyCharacter } from '../support/any-character.js';
import { expectProblem, expectResults } from '../support/expected-answers.js';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

type Event = Record<string, unknown>;
type Result = { outcome: string; reason?: string; field?: string };

const BOM = '\ufeff';
const JSON_TYPE = 'application/json';
const CONTEXT = { actor: { kind: 'service', id: 'kafka' }, correlationid: 'kafka' } as const;
const DATA = { imageId: 'img-1', accountId: 'acc-1' };
let gatehouse: TestGatehouse;
let sent = 0;

beforeAll(async () => {
  gatehouse = await startGatehouse();
});
afterAll(() => gatehouse.close());

/** Over a socket of its own, since fetch adds a Content-Type and joins repeated headers. */
async function post(path: string, body: string, headers: OutgoingHttpHeaders) {
  const authorization = `Bearer ${gatehouse.administratorToken}`;
  const asked = request(new URL(path, gatehouse.url), { method: 'POST', headers: { authorization, ...headers } });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: JSON.parse(await text(answer)) };
}

const fresh = (change: Event = {}): Event => ({
  specversion: '1.0',
  id: `ce-${++sent}`,
  source: '/modes',
  type: 'ImageShared',
  data: DATA,
  ...change,
});

/** The headers of an event in binary mode, percent-encoded. */
const binaryHeaders = ({ data: _, datacontenttype, ...attributes }: Event): OutgoingHttpHeaders => ({
  ...(datacontenttype === undefined ? {} : { 'content-type': String(datacontenttype) }),
  ...Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(String(value))]),
  ),
});
const bytesOf = (attributes: Event): [string, Buffer][] =>
  Object.entries(attributes).map(([name, value]) => [name, Buffer.from(String(value))]);

async function overHttp(body: string, headers: OutgoingHttpHeaders): Promise<Result> {
  const answer = await post('/v1/events', body, headers);
  expect([answer.status, answer.body.results?.length]).toEqual([202, 1]);
  return answer.body.results[0];
}

async function overKafka(headers: [string, Buffer][], value: string): Promise<Result> {
  const read = eventOf({ key: null, value: Buffer.from(value), headers });
  if ('reason' in read) return { outcome: 'quarantined', ...read };
  const [result] = await gatehouse.app.get(Ingest).accept([read.event], CONTEXT, 'kafka');
  return result!;
}

/** In place of an entry of the quarantine. */
async function asReplay(body: string, headers: OutgoingHttpHeaders): Promise<Result> {
  const wrong = await post('/v1/events', JSON.stringify(fresh({ data: {} })), { 'content-type': STRUCTURED });
  return (await post(`/v1/quarantine/${wrong.body.results[0].quarantineId}/edited-replay`, body, headers)).body;
}

/** Every way on which an event arrives as one document, and those on which its attributes are headers. */
const WHOLE: Record<string, (json: string) => Promise<Result>> = {
  'structured mode': (json) => overHttp(json, { 'content-type': `${STRUCTURED}; charset=utf-8` }),
  'plain JSON': (json) => overHttp(json, { 'content-type': JSON_TYPE }),
  'batched mode': (json) => overHttp(`[${json}]`, { 'content-type': BATCHED }),
  'a structured message': (json) => overKafka([['content-type', Buffer.from(STRUCTURED)]], json),
  'an edited replay': (json) => asReplay(json, { 'content-type': STRUCTURED }),
};
const BINARY: Record<string, (event: Event, data: string) => Promise<Result>> = {
  'binary mode': (event, data) => overHttp(data, binaryHeaders(event)),
  'a binary message': ({ data: _, datacontenttype, ...attributes }, data) => {
    const named = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value]));
    const type = datacontenttype === undefined ? {} : { 'content-type': datacontenttype };
    return overKafka(bytesOf({ ...named, ...type }), data);
  },
  'an edited replay in binary mode': (event, data) => asReplay(data, binaryHeaders(event)),
};

const base64 = (value: string) => Buffer.from(value).toString('base64');
const accepted = { outcome: 'accepted' };
const quarantined = (reason: string, field: string) => ({ outcome: 'quarantined', reason, field });

describe('one event, however it is sent', () => {
  it.each<[string, Event, object]>([
    ['no content type', {}, accepted],
    ['a content type with a suffix', { datacontenttype: 'application/vnd.images_v1+json; charset=utf-8' }, accepted],
    ['a long subject', { subject: 'x'.repeat(300) }, accepted],
    ['an empty subject', { subject: '' }, quarantined('invalid-attribute', 'subject')],
    ['a list as its data', { data: [DATA] }, quarantined('invalid-data', '/data')],
  ])('gets the same answer in every mode with %s', async (_, change, expected) => {
    for (const [way, send] of Object.entries(WHOLE)) {
      expect([way, await send(JSON.stringify(fresh(change)))]).toEqual([way, expect.objectContaining(expected)]);
    }
    for (const [way, send] of Object.entries(BINARY)) {
      const event = fresh(change);
      expect([way, await send(event, JSON.stringify(event.data))]).toEqual([way, expect.objectContaining(expected)]);
    }
  });

  it.each<[string, Event, object]>([
    ['JSON as base64', { data_base64: base64(JSON.stringify(DATA)) }, accepted],
    ['JSON as base64 with a byte order mark', { data_base64: base64(BOM + JSON.stringify(DATA)) }, accepted],
    ['base64 beside null', { data: null, data_base64: base64(JSON.stringify(DATA)) }, accepted],
    ['both', { data: DATA, data_base64: base64('{}') }, quarantined('invalid-data', '/data_base64')],
    ['base64 of text', { data_base64: base64('text') }, quarantined('invalid-data', '/data_base64')],
    ['base64 of a list', { data_base64: base64('[]') }, quarantined('invalid-data', '/data')],
    ['base64 of other bytes', { data_base64: '/////w==' }, quarantined('invalid-data', '/data_base64')],
    ['broken base64', { data_base64: 'e30' }, quarantined('invalid-data', '/data_base64')],
    ['a number as base64', { data_base64: 7 }, quarantined('invalid-data', '/data_base64')],
  ])('gets the same answer as one document with its data as %s', async (_, change, expected) => {
    for (const [way, send] of Object.entries(WHOLE)) {
      const json = JSON.stringify(fresh({ data: undefined, ...change }));
      expect([way, await send(json)]).toEqual([way, expect.objectContaining(expected)]);
    }
  });

  it('may begin with a byte order mark', async () => {
    for (const [way, send] of Object.entries(WHOLE)) {
      if (way !== 'batched mode')
        expect([way, await send(BOM + JSON.stringify(fresh()))]).toMatchObject([way, accepted]);
    }
    expect(await overHttp(`${BOM}[${JSON.stringify(fresh())}]`, { 'content-type': BATCHED })).toMatchObject(accepted);
    for (const [way, send] of Object.entries(BINARY)) {
      expect([way, await send(fresh(), BOM + JSON.stringify(DATA))]).toMatchObject([way, accepted]);
    }
  });
});

it('accepts an empty batch', async () => {
  for (const type of [BATCHED, JSON_TYPE]) {
    expect(await post('/v1/events', '[]', { 'content-type': type })).toEqual({ status: 202, body: { results: [] } });
  }
});

it('accepts the media types of events only where events are accepted', async () => {
  const body = '{"version":"1"}';
  for (const type of [STRUCTURED, BATCHED, 'application/vnd.images+json']) {
    expect((await post('/v1/policy', body, { ...binaryHeaders(fresh()), 'content-type': type })).status).toBe(415);
  }
  const json = JSON.stringify(fresh());
  for (const type of ['application/vnd.images+json', 'application/cloudevents-v2+json']) {
    expect((await post('/v1/events', json, { 'content-type': type })).status).toBe(415);
  }
  const binary = { ...binaryHeaders(fresh()), 'content-type': 'application/cloudevents-v2+json' };
  expect((await post('/v1/events', JSON.stringify(DATA), binary)).status).toBe(415);
});

describe('a header in binary mode', () => {
  const sendId = (id: string | string[]) =>
    post('/v1/events', JSON.stringify(DATA), { ...binaryHeaders(fresh()), 'ce-id': id });

  it('is decoded: double quotes first, then percent-encoding', async () => {
    for (const [header, id] of [
      ['"quoted id"', 'quoted id'],
      ['"a \\"b\\" \\\\c"', 'a "b" \\c'],
      ['Euro%20%E2%82%AC', 'Euro €'],
      ['"%22caf%C3%A9%22"', '"café"'],
      ['one" two"', 'one two'],
      ['%2541', '%41'],
    ] as const) {
      expect([header, (await sendId(header)).body.results?.[0]]).toMatchObject([header, { id, ...accepted }]);
    }
  });

  it('carries any text that is encoded as the binding says, quoted or not', async () => {
    const printable = fc
      .string({ unit: anyCharacter, minLength: 1, maxLength: 60 })
      .filter((id) => !/[\p{Cc}\p{Cs}]/u.test(id));
    await fc.assert(
      fc.asyncProperty(printable, fc.boolean(), async (id, isQuoted) => {
        const encoded = encodeURIComponent(id);
        const { body } = await sendId(isQuoted ? `"${encoded}"` : encoded);
        expect(body.results[0].id).toBe(id);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['100%', '%zz', '%ED%A0%80', '%FF', '"open', 'a"', '"a\\"'])(
    'is refused if it is broken: %s',
    async (header) => {
      expect(await sendId(header)).toMatchObject({ status: 400, body: { errors: [{ field: 'ce-id' }] } });
    },
  );

  it('is refused if it is repeated', async () => {
    expect(await sendId(['a', 'b'])).toMatchObject({ status: 400, body: { errors: [{ field: 'ce-id' }] } });
  });

  it('has any value and any name, and the answer is results or a problem', async () => {
    const attributes = {
      'ce-specversion': '1.0',
      'ce-id': 'caf%C3%A9',
      'ce-source': '/binary',
      'ce-type': 'ImageShared',
    };
    const send = (type: string, headers: Record<string, string>) =>
      gatehouse.administrator.post('/v1/events', JSON.stringify(DATA), { 'content-type': type, ...headers });
    const [first] = expectResults(await send(JSON_TYPE, attributes), 1, 'binary');
    expect(first).toMatchObject({ id: 'café', source: '/binary', outcome: 'accepted' });
    expect(expectResults(await send(JSON_TYPE, attributes), 1, 'binary')[0]).toMatchObject({
      outcome: 'duplicate',
    });
    const name = fc.constantFrom(
      ...Object.keys(attributes),
      'ce-time',
      'ce-schemaversion',
      'ce-traceparent',
      'ce-data',
      'ce-',
    );
    const value = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom('%', '%00', '%zz', '%ED%A0%80', '__proto__', 'x'.repeat(300)),
    );
    await fc.assert(
      fc.asyncProperty(
        name,
        value,
        fc.constantFrom('application/json', 'text/plain', 'image/png'),
        async (header, given, type) => {
          const answer = await send(type, { ...attributes, [header === 'ce-' ? 'ce-x' : header]: given.trim() });
          if (answer.status === 202) expectResults(answer, 1, [header, given]);
          else expectProblem(answer, [header, given]);
        },
      ),
      { numRuns: 80 },
    );
  });
});
