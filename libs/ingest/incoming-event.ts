import { formerSenderEventId, senderEventId } from '../event-store/event-identity.js';
import { isJsonType, mediaTypeOf } from '../events/cloud-event.js';
import type { EventDefinition } from '../events/event-definition.js';
import type { EventSchemas } from '../events/event-schemas.js';
import type { Fault } from '../events/fault.js';
import { forbiddenName } from '../events/known-members.js';
import type { SenderBinding } from '../http/credentials/principal.js';
import { toIso } from '../kernel/clock.js';
import type { SentAttributes } from '../kernel/command-context.js';
import type { JsonObject } from '../kernel/envelope.js';
import { parseJsonBytes } from '../kernel/json-bytes.js';
import { isTraceparent, parseTracestate } from '../kernel/trace-context.js';
import { fault, kindOf, readTime, sentAttributes, wrongSource, wrongSubject, wrongText } from './attributes.js';

/** A validated event from another system. */
export interface IncomingEvent {
  /** Its stored id. */
  identity: string;
  /** The id under which an earlier version stored it, if it was another. */
  formerIdentity: string | undefined;
  /** The sender's id. */
  id: string;
  source: string;
  type: string;
  definition: EventDefinition;
  /** RFC 3339 in UTC. */
  time: string;
  data: JsonObject;
  /** The number of members of its data that are unknown here, and left out. */
  leftOut: number;
  sent: SentAttributes;
  correlationid?: string;
  traceparent?: string;
  tracestate?: string;
}

/** What is accepted from outside. */
export interface IncomingRules {
  schemas: EventSchemas;
  /** True for types that may come from outside. */
  isAccepted(definition: EventDefinition): boolean;
  /** Whether an event with unknown members in its data is refused; by default they are left out. */
  strictData?: boolean;
  /** The extension attributes that are kept; none by default. */
  extensions?: readonly string[];
}

/** Maximum lead of a sender's clock. */
export const MAX_AHEAD_MS = 3_600_000;

/** CloudEvents 1.0, "Type System": these are the required and optional attributes and our extensions. */
const SPEC_VERSION = '1.0';

export function isFault(one: IncomingEvent | Fault): one is Fault {
  return 'reason' in one;
}

export interface Arrival {
  /** Epoch milliseconds. */
  now: number;
  /** When it arrived, the default for its time; now by default. */
  receivedAt?: number | undefined;
  binding?: SenderBinding | undefined;
  /** The Kafka topic that has the binding; otherwise the token of the request has it. */
  topic?: string | undefined;
}

/** Parses one CloudEvent in JSON form (CloudEvents 1.0, JSON event format). */
export function readCloudEvent(
  event: unknown,
  { schemas, isAccepted, strictData = false, extensions = [] }: IncomingRules,
  { now, receivedAt = now, binding, topic }: Arrival,
): IncomingEvent | Fault {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return fault('not-a-cloudevent', '/', 'an event must be a JSON object with the CloudEvents attributes');
  }
  const attributes = event as Record<string, unknown>;
  const { specversion, id, source, type, subject } = attributes;
  // First, whatever else is wrong: an event in the name of a source that is not the sender's must not take its quarantine.
  const unfit = notFrom(source, binding) ?? forbiddenAttribute(event) ?? otherSpecVersion(specversion);
  if (unfit) return unfit;
  // JSON event format, section 2.2: null means that an attribute is not set.
  const time = attributes.time ?? undefined;
  const correlationid = attributes.correlationid ?? undefined;
  const badName = wrongText('id', id) ?? wrongText('source', source) ?? wrongText('type', type);
  if (badName) return badName;
  const badSource = wrongSource(source as string) ?? wrongSubject(subject) ?? notOfType(type as string, binding, topic);
  if (badSource) return badSource;

  const definition = schemas.definition(type as string);
  if (!definition)
    return fault('unknown-type', 'type', 'names no known event type: GET /asyncapi.json lists the accepted ones');
  if (!isAccepted(definition))
    return fault(
      'type-not-accepted',
      'type',
      `${type} is not accepted from outside, since only Gatehouse records it: leave it out`,
    );
  const badForm = wrongForm(attributes, definition);
  if (badForm) return badForm;

  const happened = time === undefined ? receivedAt : happenedAt(time, now);
  if (typeof happened !== 'number') return happened;
  const data = dataOf(attributes);
  if ('reason' in data) return data;
  const parsed = schemas.parse(definition.type, data.data, strictData);
  if ('message' in parsed) {
    return fault('invalid-data', `/data${parsed.field === '/' ? '' : parsed.field}`, parsed.message);
  }

  const badCorrelation = correlationid === undefined ? undefined : wrongText('correlationid', correlationid);
  if (badCorrelation) return badCorrelation;
  return {
    identity: senderEventId(source as string, id as string),
    formerIdentity: formerSenderEventId(id as string),
    id: id as string,
    source: source as string,
    type: definition.type,
    definition,
    time: toIso(happened),
    ...parsed,
    sent: sentAttributes(attributes, extensions),
    ...(correlationid === undefined ? {} : { correlationid: correlationid as string }),
    ...traceIn(attributes),
  };
}

/** A malformed trace is ignored, as the standard says. */
function traceIn({
  traceparent,
  tracestate,
}: Record<string, unknown>): Pick<IncomingEvent, 'traceparent' | 'tracestate'> {
  if (typeof traceparent !== 'string' || !isTraceparent(traceparent)) return {};
  const state = typeof tracestate === 'string' ? parseTracestate(tracestate) : undefined;
  return { traceparent, ...(state === undefined ? {} : { tracestate: state }) };
}

/** @returns epoch milliseconds */
function happenedAt(time: unknown, now: number): number | Fault {
  const happened = readTime(time);
  if (happened === undefined) {
    return fault('invalid-time', 'time', `must be an RFC 3339 time since 1970, is ${kindOf(time)}`);
  }
  if (happened <= now + MAX_AHEAD_MS) return happened;
  const limit = `${MAX_AHEAD_MS / 60_000} minutes`;
  return fault('time-in-the-future', 'time', `is more than ${limit} ahead of ${toIso(now)}; set the sender's clock`);
}

function forbiddenAttribute(event: object): Fault | undefined {
  const name = forbiddenName(event);
  return name ? fault('forbidden-attribute', name, 'is not allowed as a name; leave it out') : undefined;
}

function otherSpecVersion(specversion: unknown): Fault | undefined {
  if (specversion === SPEC_VERSION) return undefined;
  return fault('unsupported-specversion', 'specversion', `must be "${SPEC_VERSION}", is ${kindOf(specversion)}`);
}

const REMEDY = 'send it with a token that may, or ask an administrator for one';
const TOPIC_REMEDY = 'send it to a topic that may, or have its type added to GATEHOUSE_KAFKA_TOPIC_TYPES';

function notFrom(source: unknown, { sources }: SenderBinding = {}): Fault | undefined {
  if (typeof source !== 'string' || !sources || sources.includes(source)) return undefined;
  return fault('source-not-allowed', 'source', `this sender may not send events of that source: ${REMEDY}`);
}

function notOfType(type: string, { eventTypes }: SenderBinding = {}, topic?: string): Fault | undefined {
  if (!eventTypes || eventTypes.includes(type)) return undefined;
  const detail =
    topic === undefined
      ? `this sender may not send events of that type: ${REMEDY}`
      : `the topic ${topic} may not carry events of that type: ${TOPIC_REMEDY}`;
  return fault('type-not-allowed', 'type', detail);
}

/** Checks the version, a number or a string, and the content type. */
function wrongForm(attributes: Record<string, unknown>, { type, version }: EventDefinition): Fault | undefined {
  const schemaversion = attributes.schemaversion ?? version;
  if (schemaversion !== version && schemaversion !== String(version)) {
    const known = `${type} is known in version ${version}`;
    return fault('unknown-version', 'schemaversion', `${known}, not in the one that is given: send that version`);
  }
  const contentType = attributes.datacontenttype ?? 'application/json';
  if (typeof contentType !== 'string' || !isJsonType(mediaTypeOf(contentType))) {
    return fault(
      'unsupported-datacontenttype',
      'datacontenttype',
      `must be application/json or application/*+json, is ${kindOf(contentType)}`,
    );
  }
  return undefined;
}

/** JSON event format, section 3.1: the data as JSON, or its bytes in base64, never both. */
function dataOf({ data: json, data_base64 }: Record<string, unknown>): { data: JsonObject } | Fault {
  const base64 = data_base64 ?? undefined;
  if (base64 !== undefined && (json ?? undefined) !== undefined) {
    return fault('invalid-data', '/data_base64', 'is given beside data; send one of them');
  }
  const data = base64 === undefined ? json : decoded(base64);
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return { data: data as JsonObject };
  if (base64 !== undefined && data === undefined) {
    return fault('invalid-data', '/data_base64', 'must be the base64 of a JSON object');
  }
  return fault('invalid-data', '/data', `must be a JSON object, is ${kindOf(data)}`);
}

/** RFC 4648, section 4, with its padding: other text would be decoded to something that nobody sent. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The JSON in base64; undefined if it is none. */
function decoded(base64: unknown): unknown {
  if (typeof base64 !== 'string' || !BASE64.test(base64)) return undefined;
  try {
    return parseJsonBytes(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}
