import type { EventDefinition } from '../events/event-definition.js';
import type { EventSchemas } from '../events/event-schemas.js';
import type { Fault } from '../events/fault.js';
import { toIso } from '../kernel/clock.js';
import type { JsonObject } from '../kernel/envelope.js';
import { isUuid, nameBasedId } from '../kernel/ids.js';
import { hasControlCharacter, hasHalfPair, MAX_ID_LENGTH, parseInstant } from '../kernel/text-forms.js';
import { isTraceparent } from '../kernel/trace-context.js';
import { jsonStart } from './json-text.js';

/** A validated event from another system. */
export interface IncomingEvent {
  /** Its stored id: the sender's id if that is a UUID, otherwise a UUIDv5 of source and id. */
  identity: string;
  /** The sender's id. */
  id: string;
  source: string;
  type: string;
  definition: EventDefinition;
  /** RFC 3339 in UTC. */
  time: string;
  data: JsonObject;
  correlationid?: string;
  traceparent?: string;
}

/** Maximum lead of a sender's clock. */
export const MAX_AHEAD_MS = 3_600_000;

const IDENTITY_NAMESPACE = 'b2a1f6a0-6d1c-5c0e-9a53-6a7e0f8f3d11';
const JSON_CONTENT_TYPE = /^application\/([a-z0-9.+-]+\+)?json($|;)/i;
/** CloudEvents 1.0, "Type System": these are the required and optional attributes and our extensions. */
const SPEC_VERSION = '1.0';

const fault = (reason: string, field: string, detail: string): Fault => ({ reason, field, detail });

export function isFault(one: IncomingEvent | Fault): one is Fault {
  return 'reason' in one;
}

/**
 * Parses one CloudEvent in JSON form (CloudEvents 1.0, JSON event format).
 * @param isAccepted true for types that may come from outside
 * @param now epoch milliseconds
 * @param receivedAt default for the time of the event
 */
export function readCloudEvent(
  event: unknown,
  schemas: EventSchemas,
  isAccepted: (definition: EventDefinition) => boolean,
  now: number,
  receivedAt = now,
): IncomingEvent | Fault {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return fault('not-a-cloudevent', '/', 'an event must be a JSON object with the CloudEvents attributes');
  }
  const attributes = event as Record<string, unknown>;
  const { specversion, id, source, type, data, traceparent } = attributes;
  // JSON event format, section 2.2: null means that an attribute is not set.
  const time = attributes.time ?? undefined;
  const correlationid = attributes.correlationid ?? undefined;
  if (specversion !== SPEC_VERSION) {
    return fault('unsupported-specversion', 'specversion', `must be "${SPEC_VERSION}", is ${shown(specversion)}`);
  }
  const badName = wrongText('id', id) ?? wrongText('source', source) ?? wrongText('type', type);
  if (badName) return badName;

  const definition = schemas.definition(type as string);
  if (!definition)
    return fault(
      'unknown-type',
      'type',
      `${shown(type)} is an unknown event type: /asyncapi.json lists the known ones`,
    );
  if (!isAccepted(definition))
    return fault(
      'type-not-accepted',
      'type',
      `${type} is not accepted from outside, since only Gatehouse records it: leave it out`,
    );
  const badForm = wrongForm(attributes, definition);
  if (badForm) return badForm;

  const happened = time === undefined ? receivedAt : readTime(time);
  if (happened === undefined) {
    return fault('invalid-time', 'time', `must be an RFC 3339 time since 1970, is ${shown(time)}`);
  }
  if (happened > now + MAX_AHEAD_MS) {
    const limit = `${MAX_AHEAD_MS / 60_000} minutes`;
    return fault(
      'time-in-the-future',
      'time',
      `${shown(time)} is more than ${limit} ahead of ${toIso(now)}; set the sender's clock`,
    );
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return fault('invalid-data', '/data', `must be a JSON object (data_base64 is not supported), is ${shown(data)}`);
  }
  const wrong = schemas.fault(definition.type, data as JsonObject);
  if (wrong) return fault('invalid-data', `/data${wrong.field === '/' ? '' : wrong.field}`, wrong.message);

  const badCorrelation = correlationid === undefined ? undefined : wrongText('correlationid', correlationid);
  if (badCorrelation) return badCorrelation;
  return {
    identity: identityOf(source as string, id as string),
    id: id as string,
    source: source as string,
    type: definition.type,
    definition,
    time: toIso(happened),
    data: data as JsonObject,
    ...(correlationid === undefined ? {} : { correlationid: correlationid as string }),
    ...(typeof traceparent === 'string' && isTraceparent(traceparent) ? { traceparent } : {}),
  };
}

/** Derives the stored id of an event from its sender's source and id. */
export const identityOf = (source: string, id: string): string =>
  isUuid(id) ? id.toLowerCase() : nameBasedId(IDENTITY_NAMESPACE, `${source}\n${id}`);

/** Checks the version, a number or a string, and the content type. */
function wrongForm(attributes: Record<string, unknown>, { type, version }: EventDefinition): Fault | undefined {
  const schemaversion = attributes.schemaversion ?? version;
  if (schemaversion !== version && schemaversion !== String(version)) {
    const known = `${type} is known in version ${version}`;
    return fault(
      'unknown-version',
      'schemaversion',
      `${known}, the event has ${shown(schemaversion)}: send that version`,
    );
  }
  const contentType = attributes.datacontenttype ?? 'application/json';
  if (typeof contentType !== 'string' || !JSON_CONTENT_TYPE.test(contentType)) {
    return fault(
      'unsupported-datacontenttype',
      'datacontenttype',
      `must be application/json, is ${shown(contentType)}`,
    );
  }
  return undefined;
}

function wrongText(attribute: string, value: unknown): Fault | undefined {
  if (value === undefined || value === null) return fault('missing-attribute', attribute, 'is missing');
  if (typeof value !== 'string' || value === '') {
    return fault(
      'invalid-attribute',
      attribute,
      `must be a string of 1 to ${MAX_ID_LENGTH} characters, is ${shown(value)}`,
    );
  }
  if (value.length > MAX_ID_LENGTH) {
    return fault('invalid-attribute', attribute, `is ${value.length} characters long; send at most ${MAX_ID_LENGTH}`);
  }
  if (hasControlCharacter(value)) return fault('invalid-attribute', attribute, 'has a control character; leave it out');
  if (hasHalfPair(value)) {
    return fault('invalid-attribute', attribute, 'has half of a surrogate pair; send whole characters');
  }
  return undefined;
}

const MAX_TIME_LENGTH = 40;

function readTime(time: unknown): number | undefined {
  const epochMs = typeof time === 'string' && time.length <= MAX_TIME_LENGTH ? parseInstant(time) : undefined;
  return epochMs === undefined || epochMs < 0 ? undefined : epochMs;
}

const SHOWN_LENGTH = 80;

/** Formats a value for an error message: short and on one line. */
function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : jsonStart(value, SHOWN_LENGTH + 1);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
