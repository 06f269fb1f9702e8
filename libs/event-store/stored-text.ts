import { canonicalJson, NotCanonical } from '../kernel/canonical-json.js';
import type { EventMetadata, NewEvent } from '../kernel/envelope.js';
import { GatehouseError } from '../kernel/errors.js';
import type { Nonces } from '../kernel/ids.js';
import { EventsRefused } from './event-store.js';

/** An event as the log stores it. */
export interface StoredText {
  data: string;
  metadata: string;
  /** The value that the text of the metadata is of. */
  withNonce: EventMetadata;
}

/**
 * The texts of an event. One with a nonce has those of RFC 8785, so that its hash is the same on every store; one that an
 * earlier release stored, and that is copied, keeps the texts it has.
 * @param nonces none for a copy of a log, whose events keep what they have
 * @throws EventsRefused if the event has no canonical text
 */
export function storedText(event: NewEvent, nonces?: Nonces): StoredText {
  const { data, metadata } = event;
  const withNonce =
    nonces !== undefined && metadata.nonce === undefined ? { ...metadata, nonce: nonces.next() } : metadata;
  if (withNonce.nonce === undefined)
    return { data: JSON.stringify(data), metadata: JSON.stringify(withNonce), withNonce };
  return { data: textOf(data, event), metadata: textOf(withNonce, event), withNonce };
}

function textOf(value: unknown, { id, type }: NewEvent): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    const message = `${type} ${id} can't be stored: ${error.message}`;
    throw new EventsRefused(new Set([id]), new GatehouseError('event-not-canonical', message, 'invalid-input'));
  }
}
