import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Type } from 'typebox';
import { anyCharacter } from '../../test/support/any-character.js';
import { senderEventId } from '../event-store/event-identity.js';
import { defineEvent } from '../events/event-definition.js';
import { EventSchemas } from '../events/event-schemas.js';
import type { Fault } from '../events/fault.js';
import { Count, EmailAddress, EntityId, eventData, Instant, Labels, Line, PersonalText } from '../events/schemas.js';
import type { SenderBinding } from '../http/credentials/principal.js';
import { toIso } from '../kernel/clock.js';
import { isUuid } from '../kernel/ids.js';
import { type IncomingEvent, isFault, MAX_AHEAD_MS, readCloudEvent } from './incoming-event.js';

const Painted = defineEvent({
  type: 'Painted',
  version: 2,
  summary: 'A picture was painted.',
  schema: eventData({
    imageId: EntityId('The picture.'),
    style: Type.Optional(Type.Enum(['oil', 'ink'], { description: 'How.' })),
    labels: Type.Optional(Labels('What it shows.')),
    title: Type.Optional(Line('Its title.')),
    story: Type.Optional(PersonalText(40, 'Its story.')),
    painter: Type.Optional(EmailAddress('Who to ask.')),
    size: Type.Optional(Count('Its size.')),
    at: Type.Optional(Instant('When.')),
  }),
  example: { imageId: 'img-1', style: 'oil', labels: ['sea'], title: 'The sea', size: 3 },
});
const Kept = defineEvent({ ...Painted, type: 'Kept' });

const schemas = new EventSchemas([Painted, Kept]);
const NOW = Date.UTC(2026, 0, 31, 12);
const valid = {
  specversion: '1.0',
  id: 'a-1',
  source: '/painters',
  type: 'Painted',
  time: '2026-01-31T11:00:00Z',
  datacontenttype: 'application/json',
  schemaversion: '2',
  data: Painted.example,
};
const rules = {
  schemas,
  isAccepted: ({ type }: { type: string }) => type === 'Painted',
  extensions: ['tenant', 'tier', 'odd'],
};
const read = (event: unknown, binding?: SenderBinding) => readCloudEvent(event, rules, { now: NOW, binding });
const readStrictly = (event: unknown) => readCloudEvent(event, { ...rules, strictData: true }, { now: NOW });
const withData = (data: Record<string, unknown>) => ({ ...valid, data: { ...valid.data, ...data } });
const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

function understood(event: unknown): IncomingEvent {
  const result = read(event);
  if (isFault(result)) throw new Error(`${result.field}: ${result.detail}`);
  return result;
}

/** Holds for the result of any input. */
function checkAnswer(answer: IncomingEvent | Fault): void {
  if (isFault(answer)) {
    expect(answer.reason).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(answer.field).not.toBe('');
    expect(answer.field.length).toBeLessThanOrEqual(400);
    expect(answer.detail).not.toBe('');
    expect(answer.detail.length).toBeLessThanOrEqual(400);
  } else {
    expect(isUuid(answer.identity)).toBe(true);
    expect(schemas.fault(answer.type, answer.data)).toBeUndefined();
    expect(answer.time).toBe(toIso(Date.parse(answer.time)));
  }
}

describe('readCloudEvent', () => {
  it('accepts a valid event and keeps its attributes', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(understood({ ...valid, correlationid: 'c-1', traceparent, anything: 'else' })).toEqual({
      identity: senderEventId('/painters', 'a-1'),
      formerIdentity: undefined,
      id: 'a-1',
      source: '/painters',
      type: 'Painted',
      definition: Painted,
      time: '2026-01-31T11:00:00.000Z',
      data: Painted.example,
      leftOut: 0,
      sent: { sourceid: 'a-1' },
      correlationid: 'c-1',
      traceparent,
    });
  });

  it('defaults the time of an event to now and its version to the known one', () => {
    const { specversion, id, source, type, data } = valid;
    const bare = { specversion, id, source, type, data };
    const unset = { time: null, schemaversion: null, datacontenttype: null, correlationid: null, traceparent: null };
    expect(understood(bare).time).toBe(toIso(NOW));
    expect(understood({ ...bare, ...unset })).toEqual(understood(bare));
  });

  it('accepts a version as a number or a string, and every JSON content type', () => {
    for (const schemaversion of [2, '2']) expect(understood({ ...valid, schemaversion }).type).toBe('Painted');
    for (const datacontenttype of [
      'application/json; charset=utf-8',
      'application/cloudevents+json',
      'Application/JSON',
    ]) {
      expect(understood({ ...valid, datacontenttype }).type).toBe('Painted');
    }
  });

  it('parses every RFC 3339 form of a time to the same instant in UTC', () => {
    for (const time of ['2024-02-29t09:00:00z', '2024-02-29T10:30:00+01:30', '2024-02-29T09:00:00.000000001Z']) {
      expect(understood({ ...valid, time }).time).toBe('2024-02-29T09:00:00.000Z');
    }
  });

  it('ignores an invalid traceparent', () => {
    for (const traceparent of ['x', 7, {}, `00-${'0'.repeat(31)}`]) {
      expect(understood({ ...valid, traceparent })).not.toHaveProperty('traceparent');
    }
  });

  it('leaves out members of data that are unknown, at any depth, and counts them', () => {
    const event = withData({ colour: 'red', owner: { name: 'Ada' }, constructor: 1 });
    expect(understood(event)).toMatchObject({ data: Painted.example, leftOut: 3 });
    expect(understood(event).data).toEqual(Painted.example);
    expect(readStrictly(event)).toMatchObject({ reason: 'invalid-data', field: '/data/colour' });
    expect(readStrictly(withData({ 'a/b~c': 1 }))).toMatchObject({ field: '/data/a~1b~0c' });
    expect(read(withData({ colour: 'red', size: 'large' }))).toMatchObject({
      reason: 'invalid-data',
      field: '/data/size',
    });
  });

  it.each([
    '{"__proto__":{"a":1}}',
    '{"x":{"__proto__":1}}',
    '{"constructor":{"prototype":1}}',
    '{"x":[{"y":{"constructor":{"prototype":{}}}}]}',
  ])('refuses the members %s in data, whatever they hold', (members) => {
    const data = Object.assign(JSON.parse(members), Painted.example);
    for (const one of [read, readStrictly]) expect(one({ ...valid, data })).toMatchObject({ reason: 'invalid-data' });
  });

  it.each(['{"__proto__":{"a":1}}', '{"__proto__":"x"}', '{"constructor":{"prototype":1}}'])(
    'refuses the attribute %s',
    (attribute) => {
      expect(read(Object.assign(JSON.parse(attribute), valid))).toMatchObject({ reason: 'forbidden-attribute' });
    },
  );

  it.each(['/gatehouse', '/gatehouse/echo', '/gatehouse?x', '/gatehouse#x'])('refuses its own source %s', (source) => {
    expect(read({ ...valid, source })).toMatchObject({ reason: 'source-reserved', field: 'source' });
    for (const other of ['/gatehouse-2', '/gatehouses', 'https://x.example/gatehouse', '/Gatehouse'])
      expect(understood({ ...valid, source: other }).source).toBe(other);
  });

  it('holds a sender to its sources and event types', () => {
    expect(read(valid, { sources: ['/painters'], eventTypes: ['Painted'] })).toMatchObject({ id: 'a-1' });
    expect(read(valid, { sources: ['/Painters'] })).toMatchObject({ reason: 'source-not-allowed', field: 'source' });
    expect(read(valid, { eventTypes: ['Sold'] })).toMatchObject({ reason: 'type-not-allowed', field: 'type' });
    const onTopic = readCloudEvent(valid, rules, { now: NOW, binding: { eventTypes: ['Sold'] }, topic: 'art' });
    expect(onTopic).toMatchObject({ detail: expect.stringMatching(/topic art .*TYPES$/) });
    // Whatever else is wrong: the reason decides whose quarantine the event takes.
    for (const wrong of [{ specversion: '0.3' }, { id: '' }, { type: 'Sold' }, { data: 7 }, { ['__proto__']: 1 }])
      expect(read({ ...wrong, ...valid, ...wrong }, { sources: ['/mine'] })).toMatchObject({ field: 'source' });
  });

  const text = ['id', 'source', 'type', 'correlationid'];
  it.each<[string, string, string, unknown]>([
    ...[null, 7, 'text', [], [valid], true, undefined].map((event): [string, string, string, unknown] => [
      JSON.stringify(event) ?? 'nothing',
      'not-a-cloudevent',
      '/',
      event,
    ]),
    ...['0.3', 1, undefined, null, nested(10_000)].map((specversion): [string, string, string, unknown] => [
      'another specversion',
      'unsupported-specversion',
      'specversion',
      { ...valid, specversion },
    ]),
    ...['id', 'source', 'type'].flatMap((name): [string, string, string, unknown][] => [
      [`no ${name}`, 'missing-attribute', name, { ...valid, [name]: undefined }],
      [`${name} null`, 'missing-attribute', name, { ...valid, [name]: null }],
    ]),
    ...text.flatMap((name): [string, string, string, unknown][] => [
      [`an empty ${name}`, 'invalid-attribute', name, { ...valid, [name]: '' }],
      [`a number as ${name}`, 'invalid-attribute', name, { ...valid, [name]: 7 }],
      [`${name} nested 10,000 levels`, 'invalid-attribute', name, { ...valid, [name]: nested(10_000) }],
      [`201 characters of ${name}`, 'invalid-attribute', name, { ...valid, [name]: 'x'.repeat(201) }],
      [`a NUL in ${name}`, 'invalid-attribute', name, { ...valid, [name]: 'a\u0000b' }],
      [`a line end in ${name}`, 'invalid-attribute', name, { ...valid, [name]: 'a\nb' }],
      [`a C1 control character in ${name}`, 'invalid-attribute', name, { ...valid, [name]: 'a\u009bb' }],
      [`a lone surrogate in ${name}`, 'invalid-attribute', name, { ...valid, [name]: 'a\ud83d' }],
    ]),
    ...['a b', '/%zz', 'über', 'a"b', '1a:b', '//'].map((source): [string, string, string, unknown] => [
      'a source that is no URI reference',
      'invalid-attribute',
      'source',
      { ...valid, source },
    ]),
    ['an unknown type', 'unknown-type', 'type', { ...valid, type: 'Sold' }],
    ['a type named like a property of every object', 'unknown-type', 'type', { ...valid, type: '__proto__' }],
    ['a type that is not accepted', 'type-not-accepted', 'type', { ...valid, type: 'Kept' }],
    ...[1, 3, '02', ' 2', '', true, [2], { toString: 1, valueOf: 1 }, nested(10_000)].map(
      (schemaversion): [string, string, string, unknown] => [
        'another version',
        'unknown-version',
        'schemaversion',
        { ...valid, schemaversion },
      ],
    ),
    ...['text/json', 'application/jsonx', '', 7, ['application/json'], { toString: 1 }, nested(10_000)].map(
      (datacontenttype): [string, string, string, unknown] => [
        'another content type',
        'unsupported-datacontenttype',
        'datacontenttype',
        { ...valid, datacontenttype },
      ],
    ),
    ...[
      'yesterday',
      7,
      '',
      '2026-01-31',
      '2026-01-31T11:00:00',
      '2025-02-29T00:00:00Z',
      '2026-01-30T24:00:00Z',
      '1969-12-31T23:59:59Z',
      '2026-01-31T11:00:00+24:00',
    ].map((time): [string, string, string, unknown] => ['a wrong time', 'invalid-time', 'time', { ...valid, time }]),
    ['a far future time', 'time-in-the-future', 'time', { ...valid, time: '9999-12-31T23:59:59Z' }],
    ['a time just too far ahead', 'time-in-the-future', 'time', { ...valid, time: toIso(NOW + MAX_AHEAD_MS + 1) }],
    ...[undefined, null, 'text', 7, [], nested(10_000)].map((data): [string, string, string, unknown] => [
      'data that is no object',
      'invalid-data',
      '/data',
      { ...valid, data },
    ]),
    ['a missing field', 'invalid-data', '/data/imageId', withData({ imageId: undefined })],
    ['a value that is not of the list', 'invalid-data', '/data/style', withData({ style: 'chalk' })],
    ['a nested value of the wrong kind', 'invalid-data', '/data/labels/1', withData({ labels: ['sea', 'SEA'] })],
    ['too long a string', 'invalid-data', '/data/story', withData({ story: 'x'.repeat(41) })],
    ['an id over 200 characters', 'invalid-data', '/data/imageId', withData({ imageId: 'x'.repeat(201) })],
    ['a NUL in an id', 'invalid-data', '/data/imageId', withData({ imageId: 'a\u0000' })],
    ...['title', 'story'].flatMap((field): [string, string, string, unknown][] => [
      [`a NUL in the ${field}`, 'invalid-data', `/data/${field}`, withData({ [field]: 'a\u0000b' })],
      [`a lone surrogate in the ${field}`, 'invalid-data', `/data/${field}`, withData({ [field]: 'a\udc00b' })],
    ]),
    ['a lone surrogate in an address', 'invalid-data', '/data/painter', withData({ painter: 'a\ud800@b' })],
    ['an encrypted text from outside', 'invalid-data', '/data/story', withData({ story: 'sealed:v1:AAAA' })],
    ...[JSON.parse('1e400'), -1, 1e300, 1.5, '3'].map((size): [string, string, string, unknown] => [
      `${size} as a count`,
      'invalid-data',
      '/data/size',
      withData({ size }),
    ]),
    ['a time in data that is none', 'invalid-data', '/data/at', withData({ at: '2026-02-30T00:00:00Z' })],
    ...['imageId', 'style', 'labels', 'size'].map((field): [string, string, string, unknown] => [
      `10,000 levels in ${field}`,
      'invalid-data',
      field === 'labels' ? '/data/labels/0' : `/data/${field}`,
      withData({ [field]: nested(10_000) }),
    ]),
  ])('reports the field of %s: %s, %s', (_, reason, field, event) => {
    const answer = read(event);
    expect(answer).toMatchObject({ reason, field });
    checkAnswer(answer);
  });

  it('accepts a time up to an hour ahead, characters of every plane and ids of 200 characters', () => {
    expect(understood({ ...valid, time: toIso(NOW + MAX_AHEAD_MS) }).time).toBe(toIso(NOW + MAX_AHEAD_MS));
    expect(understood({ ...withData({ title: '𝄞 ☃', story: 'a\n\tb 👩‍🎨' }), id: '𝄞'.repeat(100) }).id).toHaveLength(
      200,
    );
  });

  it('truncates a very long name in its message', () => {
    const answer = read(withData({ ['x'.repeat(1_000_000)]: 1 }));
    checkAnswer(answer);
    checkAnswer(read({ ...valid, type: 't'.repeat(200), specversion: '1'.repeat(1_000_000) }));
  });
});

describe('any input', () => {
  const anyText = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.string({ unit: 'grapheme-ascii' }),
    fc.constantFrom('\u0000', '\ud800', '__proto__'),
  );
  const anyJson = fc.oneof(
    fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }),
    fc.constantFrom<unknown>(
      1e308,
      -0,
      2 ** 53,
      JSON.parse('1e999'),
      { toString: 1, valueOf: 1 },
      { toJSON: 1 },
      nested(9_999),
    ),
    anyText,
  );

  it('yields a result for any JSON', () => {
    fc.assert(
      fc.property(anyJson, (event) => checkAnswer(read(event))),
      { numRuns: 500 },
    );
  });

  it('yields a result for any value of an attribute', () => {
    const attribute = fc.constantFrom(
      ...Object.keys(valid),
      'correlationid',
      'traceparent',
      'data_base64',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.dictionary(attribute, anyJson, { maxKeys: 3 }), (changes) =>
        checkAnswer(read({ ...valid, ...changes })),
      ),
      { numRuns: 1_000 },
    );
  });

  it('yields a result for any value of a field', () => {
    const field = fc.oneof(fc.constantFrom(...Object.keys(Painted.schema.properties)), anyText);
    fc.assert(
      fc.property(fc.dictionary(field, anyJson, { maxKeys: 3 }), (changes) => checkAnswer(read(withData(changes)))),
      { numRuns: 1_000 },
    );
  });

  it('is not changed by parsing', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (data) => {
        const event = { ...valid, data };
        const before = JSON.stringify(event);
        read(event);
        expect(JSON.stringify(event)).toBe(before);
      }),
    );
  });
});
