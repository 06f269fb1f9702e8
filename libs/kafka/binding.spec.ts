import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '../../test/support/any-character.js';
import { isFault } from '../ingest/incoming-event.js';
import { eventOf, MAX_VALUE_BYTES, messageOf } from './binding.js';
import type { Message } from './message-broker.js';

const text = (value: string | Buffer) => Buffer.from(value);
const message = (headers: Record<string, string>, value: string | Buffer | null): Message => ({
  key: null,
  value: value === null ? null : text(value),
  headers: Object.entries(headers).map(([name, header]): [string, Buffer] => [name, text(header)]),
});
const attributes = { ce_specversion: '1.0', ce_id: 'a', ce_source: '/s', ce_type: 'ImageShared' };
const outgoing = {
  specversion: '1.0',
  id: '0196e0f0-0000-7000-8000-000000000001',
  source: '/image-service',
  type: 'ImageShared',
  subject: 'image-img-1',
  datacontenttype: 'application/json',
  position: '1042',
  data: { imageId: 'img-1', audience: 'öffentlich' },
};

describe('The trace of an incoming message', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const own = '00-aaf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
  const structured = { 'content-type': 'application/cloudevents+json' };
  const body = '{"specversion":"1.0","id":"a","source":"/s","type":"ImageShared"}';
  const traceOf = (headers: Record<string, string>, value: string) => {
    const { event } = eventOf(message(headers, value)) as { event: Record<string, unknown> };
    return [event.traceparent, event.tracestate];
  };

  it.each([
    ['binary', attributes, '{}'],
    ['structured', structured, body],
  ])('in %s mode is that of the header, unless the event has its own', (_, headers, value) => {
    expect(traceOf(headers, value)).toEqual([undefined, undefined]);
    expect(traceOf({ ...headers, traceparent }, value)).toEqual([traceparent, undefined]);
    expect(traceOf({ ...headers, Traceparent: traceparent, tracestate: 'a=1' }, value)).toEqual([traceparent, 'a=1']);
    expect(traceOf({ ...headers, traceparent: traceparent.replace(/-.{32}-/, `-${'0'.repeat(32)}-`) }, value)).toEqual([
      undefined,
      undefined,
    ]);
    const withOwn =
      headers === structured
        ? traceOf({ ...structured, traceparent, tracestate: 'a=1' }, body.replace('}', `,"traceparent":"${own}"}`))
        : traceOf({ ...headers, ce_traceparent: own, traceparent, tracestate: 'a=1' }, value);
    expect(withOwn).toEqual([own, undefined]);
  });
});

describe('An outgoing message', () => {
  it('has the subject as its key, the data as its value and each attribute in a header', () => {
    const { key, value, headers } = messageOf(outgoing);
    expect(key!.toString()).toBe('image-img-1');
    expect(value!.toString()).toBe('{"imageId":"img-1","audience":"öffentlich"}');
    expect(headers.map(([name, header]) => [name, header.toString()])).toEqual([
      ['content-type', 'application/json'],
      ['ce_specversion', '1.0'],
      ['ce_id', outgoing.id],
      ['ce_source', '/image-service'],
      ['ce_type', 'ImageShared'],
      ['ce_subject', 'image-img-1'],
      ['ce_position', '1042'],
      ['gatehouse_position', '1042'],
    ]);
  });

  it('parses back into the same event, whatever its attributes and data', () => {
    const attribute = fc.string({ unit: anyCharacter, minLength: 1 });
    fc.assert(
      fc.property(attribute, attribute, fc.dictionary(fc.string(), fc.jsonValue()), (id, subject, data) => {
        const event = { ...outgoing, id, subject, data };
        expect(eventOf(messageOf(event))).toEqual({ event: JSON.parse(JSON.stringify(event)) });
      }),
    );
  });
});

describe('An incoming message', () => {
  it('is parsed in binary mode, with its content type as the type of the data', () => {
    expect(eventOf(message({ ...attributes, 'content-type': 'application/json; charset=utf-8' }, '{"a":1}'))).toEqual({
      event: {
        specversion: '1.0',
        id: 'a',
        source: '/s',
        type: 'ImageShared',
        datacontenttype: 'application/json; charset=utf-8',
        data: { a: 1 },
      },
    });
  });

  it('is parsed in structured mode, whatever parameters the content type has', () => {
    const headers = { 'content-type': 'Application/CloudEvents+JSON; charset=UTF-8', ce_id: 'ignored' };
    expect(eventOf(message(headers, '{"id":"a"}'))).toEqual({ event: { id: 'a' } });
  });

  it('keeps data that is not JSON as bytes, for a later replay', () => {
    for (const value of [text('{"a":'), Buffer.from([0xff, 0xfe])]) {
      expect(eventOf(message(attributes, value))).toMatchObject({ event: { data_base64: value.toString('base64') } });
    }
    expect(eventOf(message({ ...attributes, 'content-type': 'text/plain' }, '1'))).toMatchObject({
      event: { datacontenttype: 'text/plain', data_base64: 'MQ==' },
    });
  });

  it('has no data if its value is empty or missing', () => {
    for (const value of [null, '']) {
      const read = eventOf(message(attributes, value)) as { event: object };
      expect(Object.keys(read.event)).toEqual(['specversion', 'id', 'source', 'type']);
    }
  });

  it.each([
    ['no headers at all', message({}, '{"specversion":"1.0"}'), 'not-a-cloudevent', '/'],
    [
      'another event format',
      message({ 'content-type': 'application/cloudevents+avro' }, 'x'),
      'unsupported-event-format',
      'content-type',
    ],
    [
      'a batch',
      message({ 'content-type': 'application/cloudevents-batch+json' }, '[]'),
      'unsupported-event-format',
      'content-type',
    ],
    [
      'an event that is not JSON',
      message({ 'content-type': 'application/cloudevents+json' }, '{"id"'),
      'malformed-json',
      '/',
    ],
    ['a missing event', message({ 'content-type': 'application/cloudevents+json' }, null), 'malformed-json', '/'],
    [
      'an event that is not UTF-8',
      message({ 'content-type': 'application/cloudevents+json' }, Buffer.from([0x22, 0xff, 0x22])),
      'malformed-json',
      '/',
    ],
    ['too large a value', message(attributes, Buffer.alloc(MAX_VALUE_BYTES + 1, '1')), 'event-too-large', '/'],
    [
      'a header that is not UTF-8',
      { key: null, value: null, headers: [['ce_id', Buffer.from([0xff])]] } as Message,
      'malformed-header',
      'ce_id',
    ],
    [
      'an attribute twice',
      { ...message(attributes, '{}'), headers: [...message(attributes, '').headers, ['ce_id', text('b')]] } as Message,
      'repeated-header',
      'ce_id',
    ],
  ])('is rejected with a reason for %s', (_, given, reason, field) => {
    expect(eventOf(given)).toMatchObject({ reason, field, detail: expect.stringMatching(/./) });
  });

  it('yields an event or a fault, whatever its bytes', () => {
    const bytes = fc.uint8Array().map((array) => Buffer.from(array));
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('content-type', 'ce_specversion', 'ce_id', 'ce___proto__', 'ce_data'),
    );
    const header = fc.oneof(
      bytes,
      fc.constantFrom('application/json', 'application/cloudevents+json', '1.0').map(text),
    );
    const any = fc.record({
      key: fc.constant(null),
      value: fc.option(fc.oneof(bytes, fc.json().map(text))),
      headers: fc.array(fc.tuple(name, header)),
    });
    fc.assert(
      fc.property(any, (given) => {
        const read = eventOf(given);
        if ('event' in read) return;
        expect(isFault(read) && read.reason && read.field && read.detail).toBeTruthy();
      }),
    );
  });
});
