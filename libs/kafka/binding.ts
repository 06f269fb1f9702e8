import { isUtf8 } from 'node:buffer';
import type { CloudEvent } from '../events/cloud-event.js';
import type { Fault } from '../events/fault.js';
import type { Message } from './message-broker.js';

/* CloudEvents 1.0, Kafka protocol binding. */

const CONTENT_TYPE = 'content-type';
const ATTRIBUTE = 'ce_';
const STRUCTURED = 'application/cloudevents+json';
const ANY_CLOUDEVENTS = 'application/cloudevents';
const JSON_MEDIA_TYPE = /^application\/([a-z0-9.+-]+\+)?json$/;
/** As large as a body may be that comes over HTTP. */
export const MAX_VALUE_BYTES = 1_048_576;

/** Where an event that goes out stands in the one order of all events; digits. */
const POSITION = 'gatehouse_position';

const LONGEST_NAME = 200;

const shown = ([name]: readonly [string, Buffer]) => name.slice(0, LONGEST_NAME);
const fault = (reason: string, field: string, detail: string): Fault => ({ reason, field, detail });

/**
 * The event of a message in JSON form, from binary mode (attributes in `ce_` headers, data as the value) or structured
 * mode (the whole event as the value); or why it holds none. The attributes themselves are not looked at.
 */
export function eventOf({ headers: all, value }: Message): { event: unknown } | Fault {
  if (value && value.length > MAX_VALUE_BYTES) {
    return fault('event-too-large', '/', `has ${value.length} bytes; ${MAX_VALUE_BYTES} are allowed`);
  }
  const headers = all.filter(([name]) => name === CONTENT_TYPE || name.startsWith(ATTRIBUTE));
  const unreadable = headers.find(([, bytes]) => !isUtf8(bytes));
  if (unreadable) return fault('malformed-header', shown(unreadable), 'is not UTF-8; send header values as UTF-8 text');
  const contentType = headers.find(([name]) => name === CONTENT_TYPE)?.[1].toString();
  const mediaType = contentType?.replace(/;.*/s, '').trim().toLowerCase();
  if (mediaType?.startsWith(ANY_CLOUDEVENTS)) {
    if (mediaType === STRUCTURED) return parsed(value);
    return fault('unsupported-event-format', CONTENT_TYPE, `must be ${STRUCTURED}, is ${mediaType}`);
  }
  const attributes = headers.filter(([name]) => name.startsWith(ATTRIBUTE));
  if (!attributes.some(([name]) => name === `${ATTRIBUTE}specversion`)) {
    const cure = `send ${ATTRIBUTE} headers (binary mode), or the content-type ${STRUCTURED} (structured mode)`;
    return fault(
      'not-a-cloudevent',
      '/',
      `the message has neither ${ATTRIBUTE}specversion nor that content-type: ${cure}`,
    );
  }
  const twice = attributes.find(([name], n) => attributes.findIndex(([other]) => other === name) !== n);
  if (twice) return fault('repeated-header', shown(twice), 'is there more than once; send it once');
  const event = Object.fromEntries(
    attributes.map(([name, bytes]): [string, unknown] => [name.slice(ATTRIBUTE.length), bytes.toString()]),
  );
  if (contentType !== undefined) event.datacontenttype = contentType;
  return { event: { ...event, ...dataOf(value, mediaType) } };
}

/** What a message in binary mode calls itself, also where it is at fault: each attribute as it stands there first. */
export const attributesIn = ({ headers }: Message): Record<string, string> =>
  Object.fromEntries(
    headers
      .filter(([name, bytes]) => name.startsWith(ATTRIBUTE) && isUtf8(bytes))
      .map(([name, bytes]): [string, string] => [name.slice(ATTRIBUTE.length), bytes.toString()])
      .reverse(),
  );

function parsed(value: Buffer | null): { event: unknown } | Fault {
  if (!value) return fault('malformed-json', '/', 'the value is empty; send one CloudEvent as a JSON object');
  if (!isUtf8(value)) return fault('malformed-json', '/', 'the value is not UTF-8; send JSON in UTF-8');
  try {
    return { event: JSON.parse(value.toString()) };
  } catch (error) {
    return fault('malformed-json', '/', `the value is not JSON: ${(error as Error).message}; send one JSON object`);
  }
}

/** JSON event format, 3.1: data that is not JSON has a place of its own, where its bytes are kept. */
function dataOf(value: Buffer | null, mediaType = 'application/json'): { data?: unknown; data_base64?: string } {
  if (!value || value.length === 0) return {};
  if (JSON_MEDIA_TYPE.test(mediaType) && isUtf8(value)) {
    try {
      return { data: JSON.parse(value.toString()) };
    } catch {
      // kept as bytes
    }
  }
  return { data_base64: value.toString('base64') };
}

/** The message of an event that goes out: binary mode, its subject as the key, its position in a header of its own. */
export function messageOf({ data, datacontenttype, ...attributes }: CloudEvent): Message {
  return {
    key: Buffer.from(attributes.subject as string),
    value: Buffer.from(JSON.stringify(data)),
    headers: [
      [CONTENT_TYPE, Buffer.from(datacontenttype as string)],
      ...Object.entries(attributes).map(([name, value]): [string, Buffer] => [
        ATTRIBUTE + name,
        Buffer.from(value as string),
      ]),
      [POSITION, Buffer.from(attributes.position)],
    ],
  };
}
