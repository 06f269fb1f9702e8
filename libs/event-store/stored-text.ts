import { canonicalJson, NotCanonical } from '../kernel/canonical-json.js';
import type { NewEvent } from '../kernel/envelope.js';
import { GatehouseError, InvalidInput } from '../kernel/errors.js';
import { isUuid, type Nonces } from '../kernel/ids.js';
import { EventsRefused } from './event-store.js';

/** An event as the log stores it. */
export interface StoredText {
  data: string;
  metadata: string;
}

/** Gives the metadata of an event a nonce unless it has one. Not those of a copy: a retry keeps it, and stores the same event. */
export function addNonce({ metadata }: NewEvent, nonces: Nonces): void {
  if (metadata.nonce === undefined) metadata.nonce = nonces.next();
}

/**
 * Both logs store the id of an event as a UUID.
 * @throws EventsRefused if it is none
 */
export function requireUuid({ id, type }: NewEvent): void {
  if (isUuid(id)) return;
  const message = `of a ${type} is ${JSON.stringify(id)}, which is not a UUID: give the event a UUID`;
  throw new EventsRefused(new Set([id]), new InvalidInput([{ field: 'id', message }]));
}

/**
 * The texts of an event, whose metadata gets a nonce. With a nonce they are those of
 * RFC 8785, so that its hash is the same on every store; a copy of an event that an earlier release stored keeps its own.
 * @param nonces none for a copy of a log, whose events keep what they have
 * @throws EventsRefused if the event has no canonical text, or its id is not a UUID
 */
export function storedText(event: NewEvent, nonces?: Nonces): StoredText {
  const { data, metadata } = event;
  requireUuid(event);
  if (nonces) addNonce(event, nonces);
  if (metadata.nonce === undefined) return { data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
  return { data: textOf(data, event), metadata: textOf(metadata, event) };
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
