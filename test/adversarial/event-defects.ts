import type { Message } from '../../libs/kafka/message-broker.js';

/** An event as it is written: attributes as text, and data as JSON text, which may hold what no object literal can. */
export interface WrittenEvent {
  attributes: Record<string, string>;
  data: string;
}

export interface Defect {
  /** The reason of its quarantine; undefined if it is accepted. */
  reason?: string;
  change(event: WrittenEvent): WrittenEvent;
}

const attribute =
  (name: string, value: string) =>
  ({ attributes, data }: WrittenEvent): WrittenEvent => ({
    attributes: Object.fromEntries([...Object.entries(attributes), [name, value]]),
    data,
  });
/** Adds members to the data, or replaces all of it. */
const members =
  (text: string) =>
  ({ attributes, data }: WrittenEvent): WrittenEvent => ({ attributes, data: `${data.slice(0, -1)},${text}}` });
const data =
  (text: string) =>
  ({ attributes }: WrittenEvent): WrittenEvent => ({ attributes, data: text });
const nested = `${'[{"a":'.repeat(5_000)}1${'}]'.repeat(5_000)}`;

export const DEFECTS: Record<string, Defect> = {
  none: { change: (event) => event },
  '__proto__ in data': { reason: 'invalid-data', change: members('"__proto__":{"isAdmin":true}') },
  'an escaped __proto__ in data': { reason: 'invalid-data', change: members('"\\u005f_proto__":1') },
  '__proto__ inside an unknown member': { reason: 'invalid-data', change: members('"x":[{"__proto__":1}]') },
  'constructor.prototype in data': { reason: 'invalid-data', change: members('"constructor":{"prototype":{"a":1}}') },
  '__proto__ as an attribute': { reason: 'forbidden-attribute', change: attribute('__proto__', 'x') },
  'an unknown member': { change: members('"colour":"red","owner":{"name":"Ada"}') },
  'a deep unknown member': { change: members(`"deep":${nested}`) },
  'data that is a list': { reason: 'invalid-data', change: data('[]') },
  'data that is a string': { reason: 'invalid-data', change: data('"text"') },
  'data that is null': { reason: 'invalid-data', change: data('null') },
  'a missing field': { reason: 'invalid-data', change: data('{"imageId":"i"}') },
  'a field of another type': { reason: 'invalid-data', change: data('{"imageId":7,"accountId":"a"}') },
  'half of a surrogate pair in an id': {
    reason: 'invalid-data',
    change: data('{"imageId":"\\ud800","accountId":"a"}'),
  },
  'another specversion': { reason: 'unsupported-specversion', change: attribute('specversion', '0.3') },
  'an unknown type': { reason: 'unknown-type', change: attribute('type', 'ImageSold') },
  'a type of ours': { reason: 'type-not-accepted', change: attribute('type', 'CaseOpened') },
  'an unknown version': { reason: 'unknown-version', change: attribute('schemaversion', '99') },
  'a source that is no URI reference': {
    reason: 'invalid-attribute',
    change: attribute('source', 'the image service'),
  },
  'a source of ours': { reason: 'source-reserved', change: attribute('source', '/gatehouse') },
  'an empty id': { reason: 'invalid-attribute', change: attribute('id', '') },
  'too long an id': { reason: 'invalid-attribute', change: attribute('id', 'x'.repeat(201)) },
  'a control character in the id': { reason: 'invalid-attribute', change: attribute('id', 'a\u0007b') },
  'no time': { reason: 'invalid-time', change: attribute('time', 'yesterday') },
  'a time in the future': { reason: 'time-in-the-future', change: attribute('time', '2999-01-01T00:00:00Z') },
};

const written = ({ attributes, data: text }: WrittenEvent): string =>
  `{${Object.entries(attributes)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(',')},"data":${text}}`;

/** A request that carries events. In a batch, neighbours can be sent with an event. */
export interface HttpForm {
  isBatch: boolean;
  request(events: readonly WrittenEvent[]): { body: string; headers: Record<string, string> };
}

const structured = (type: string): HttpForm => ({
  isBatch: false,
  request: ([event]) => ({ body: written(event!), headers: { 'content-type': type } }),
});
const batched = (type: string): HttpForm => ({
  isBatch: true,
  request: (events) => ({ body: `[${events.map(written).join(',')}]`, headers: { 'content-type': type } }),
});

export const HTTP_FORMS: Record<string, HttpForm> = {
  'application/json, one event': structured('application/json'),
  'application/json, a batch': batched('application/json'),
  'application/cloudevents+json': structured('application/cloudevents+json; charset=utf-8'),
  'application/cloudevents-batch+json': batched('application/cloudevents-batch+json'),
  'binary mode': {
    isBatch: false,
    request: ([event]) => ({
      body: event!.data,
      headers: Object.fromEntries([
        ['content-type', 'application/json'],
        ...Object.entries(event!.attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]),
      ]),
    }),
  },
};

export const KAFKA_FORMS: Record<string, (event: WrittenEvent) => Message> = {
  'binary mode': ({ attributes, data: text }) => ({
    key: null,
    value: Buffer.from(text),
    headers: [
      ['content-type', Buffer.from('application/json')],
      ...Object.entries(attributes).map(([name, value]): [string, Buffer] => [`ce_${name}`, Buffer.from(value)]),
    ],
  }),
  'structured mode': (event) => ({
    key: null,
    value: Buffer.from(written(event)),
    headers: [['content-type', Buffer.from('application/cloudevents+json')]],
  }),
};
