import { isUtf8 } from 'node:buffer';
import { ANY_CLOUDEVENTS, type CloudEvent, isJsonType, mediaTypeOf, STRUCTURED } from '../events/cloud-event.js';
import type { Fault } from '../events/fault.js';
import { parseJsonBytes } from '../kernel/json-bytes.js';
import { isTraceparent } from '../kernel/trace-context.js';
import type { Message } from './message-broker.js';

/* CloudEvents 1.0, Kafka protocol binding. */

const CONTENT_TYPE = 'content-type';
const ATTRIBUTE = 'ce_';
/** The same limit as for a body over HTTP. */
export const MAX_VALUE_BYTES = 1_048_576;

/** Header with the position of an outgoing event in the log; digits. */
const POSITION = 'gatehouse_position';

const MAX_NAME_LENGTH = 200;

const shortName = ([name]: readonly [string, Buffer]) => name.slice(0, MAX_NAME_LENGTH);
const fault = (reason: string, field: string, detail: string): Fault => ({ reason, field, detail });

/**
 * Parses a message in binary mode (attributes in `ce_` headers, data as the value) or structured mode (the whole event as
 * the value) into an event in JSON form, or returns a fault. Does not validate the attributes.
 */
export function eventOf(message: Message): { event: unknown } | Fault {
  const read = eventIn(message);
  return 'event' in read ? { event: inTraceOf(message, read.event) } : read;
}

/** Tracing libraries put the trace into headers of its own. The event's own attribute is nearer to its origin. */
function inTraceOf({ headers }: Message, event: unknown): unknown {
  const isObject = typeof event === 'object' && event !== null && !Array.isArray(event);
  const textOf = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1].toString();
  const traceparent = textOf('traceparent');
  if (!isObject || traceparent === undefined || 'traceparent' in event || !isTraceparent(traceparent)) return event;
  const tracestate = textOf('tracestate');
  return { ...event, traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
}

function eventIn({ headers: all, value }: Message): { event: unknown } | Fault {
  if (value && value.length > MAX_VALUE_BYTES) {
    return fault(
      'event-too-large',
      '/',
      `has ${value.length} bytes, ${MAX_VALUE_BYTES} are allowed; send a smaller event`,
    );
  }
  const headers = all.filter(([name]) => name === CONTENT_TYPE || name.startsWith(ATTRIBUTE));
  const unreadable = headers.find(([, bytes]) => !isUtf8(bytes));
  if (unreadable)
    return fault('malformed-header', shortName(unreadable), 'is not UTF-8; send header values as UTF-8 text');
  const contentType = headers.find(([name]) => name === CONTENT_TYPE)?.[1].toString();
  const mediaType = contentType === undefined ? undefined : mediaTypeOf(contentType);
  if (mediaType?.startsWith(ANY_CLOUDEVENTS)) {
    if (mediaType === STRUCTURED) return parsed(value);
    return fault('unsupported-event-format', CONTENT_TYPE, `is a format that is not supported; send ${STRUCTURED}`);
  }
  const attributes = headers.filter(([name]) => name.startsWith(ATTRIBUTE));
  if (!attributes.some(([name]) => name === `${ATTRIBUTE}specversion`)) {
    const remedy = `send ${ATTRIBUTE} headers (binary mode), or the content-type ${STRUCTURED} (structured mode)`;
    return fault(
      'not-a-cloudevent',
      '/',
      `the message has neither ${ATTRIBUTE}specversion nor that content-type: ${remedy}`,
    );
  }
  const twice = attributes.find(([name], n) => attributes.findIndex(([other]) => other === name) !== n);
  if (twice) return fault('repeated-header', shortName(twice), 'occurs more than once; send it once');
  const event = Object.fromEntries(
    attributes.map(([name, bytes]): [string, unknown] => [name.slice(ATTRIBUTE.length), bytes.toString()]),
  );
  if (contentType !== undefined) event.datacontenttype = contentType;
  return { event: { ...event, ...dataOf(value, mediaType) } };
}

/** The attributes of a message in binary mode, even a faulty one. If an attribute is repeated, its first value counts. */
export const attributesIn = ({ headers }: Message): Record<string, string> =>
  Object.fromEntries(
    headers
      .filter(([name, bytes]) => name.startsWith(ATTRIBUTE) && isUtf8(bytes))
      .map(([name, bytes]): [string, string] => [name.slice(ATTRIBUTE.length), bytes.toString()])
      .reverse(),
  );

function parsed(value: Buffer | null): { event: unknown } | Fault {
  if (!value) return fault('malformed-json', '/', 'the value is empty; send one CloudEvent as a JSON object');
  try {
    return { event: parseJsonBytes(value) };
  } catch {
    // The parser's own message quotes the text, which may hold personal data.
    return fault('malformed-json', '/', 'the value is not JSON; send one CloudEvent as a JSON object in UTF-8');
  }
}

/** JSON event format, 3.1: data that is not JSON goes into `data_base64`, which keeps its bytes. */
function dataOf(value: Buffer | null, mediaType = 'application/json'): { data?: unknown; data_base64?: string } {
  if (!value || value.length === 0) return {};
  if (isJsonType(mediaType)) {
    try {
      return { data: parseJsonBytes(value) };
    } catch {
      // Not JSON: keep the bytes.
    }
  }
  return { data_base64: value.toString('base64') };
}

/** The message of an outgoing event: binary mode, its subject as the key, its position in a header of its own. */
export function messageOf({ data, datacontenttype, ...attributes }: CloudEvent): Message {
  return {
    key: Buffer.from(attributes.subject as string),
    value: Buffer.from(JSON.stringify(data)),
    headers: [
      [CONTENT_TYPE, Buffer.from(datacontenttype as string)],
      ...Object.entries(attributes).map(([name, value]): [string, Buffer] => [
        ATTRIBUTE + name,
        Buffer.from(String(value)),
      ]),
      [POSITION, Buffer.from(attributes.position)],
    ],
  };
}
