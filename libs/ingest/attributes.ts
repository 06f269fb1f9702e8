import type { Fault } from '../events/fault.js';
import { isReservedSource, OWN_SOURCE, type SentAttributes } from '../kernel/command-context.js';
import { hasControlCharacter, hasHalfPair, MAX_ID_LENGTH, parseInstant } from '../kernel/text-forms.js';
import { isUri, isUriReference } from '../kernel/uri-reference.js';

/* CloudEvents 1.0, "Type System": the checks of an event's attributes. */

export const fault = (reason: string, field: string, detail: string): Fault => ({ reason, field, detail });

/** A string of an attribute that names something. */
export function wrongText(attribute: string, value: unknown): Fault | undefined {
  if (value === undefined || value === null) return fault('missing-attribute', attribute, 'is missing');
  if (typeof value !== 'string' || value === '') {
    return fault(
      'invalid-attribute',
      attribute,
      `must be a string of 1 to ${MAX_ID_LENGTH} characters, is ${kindOf(value)}`,
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

/** A batch is of one sender, whose source need not be parsed for each of its events. */
let lastSource = '/';

export function wrongSource(source: string): Fault | undefined {
  if (isReservedSource(source)) {
    const detail = `${OWN_SOURCE} is reserved for events that Gatehouse itself stores; send the source of your own system`;
    return fault('source-reserved', 'source', detail);
  }
  if (source === lastSource) return undefined;
  if (isUriReference(source)) {
    lastSource = source;
    return undefined;
  }
  const detail = 'must be a URI reference: percent-encode what RFC 3986 does not allow';
  return fault('invalid-attribute', 'source', detail);
}

/** It may have any length: what is stored gets a subject of its own. */
export function wrongSubject(subject: unknown): Fault | undefined {
  if (subject === undefined || subject === null || (typeof subject === 'string' && subject !== '')) return undefined;
  return fault(
    'invalid-attribute',
    'subject',
    `must be a string that is not empty, is ${kindOf(subject)}; or leave it out`,
  );
}

const MAX_TIME_LENGTH = 40;

/** @returns epoch milliseconds */
export function readTime(time: unknown): number | undefined {
  const epochMs = typeof time === 'string' && time.length <= MAX_TIME_LENGTH ? parseInstant(time) : undefined;
  return epochMs === undefined || epochMs < 0 ? undefined : epochMs;
}

const MAX_DATASCHEMA_LENGTH = 2_000;

/** What readers of the log get back. A `dataschema` that is no URI and an extension that is no plain value are left out. */
export function sentAttributes(attributes: Record<string, unknown>, extensions: readonly string[]): SentAttributes {
  const { id, dataschema } = attributes;
  const sent: SentAttributes = { sourceid: id as string };
  if (typeof dataschema === 'string' && dataschema.length <= MAX_DATASCHEMA_LENGTH && isUri(dataschema)) {
    sent.dataschema = dataschema;
  }
  const kept = extensions.filter((name) => Object.hasOwn(attributes, name) && isPlain(attributes[name]));
  if (kept.length > 0) {
    sent.extensions = Object.fromEntries(kept.map((name) => [name, attributes[name] as string | number | boolean]));
  }
  return sent;
}

/** A value of CloudEvents' type system that JSON writes as it is: a string, an integer of 32 bits or a boolean. */
const isPlain = (value: unknown): boolean =>
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31) ||
  (typeof value === 'string' && wrongText('', value) === undefined);

/** Names the kind of a value, never the value: it may be anybody's personal data. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `a string of ${value.length} characters` : `a ${typeof value}`;
}
