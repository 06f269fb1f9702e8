import { StoreUnavailable } from '../../kernel/errors.js';
import { EventStoreUnavailable, StreamGone, WriteTooLarge } from '../event-store.js';

/** The common part of the clients' errors; errors of an unreachable server may lack the type. */
export interface ClientError extends Error {
  type?: string;
  code?: number;
  maxAppendSize?: number;
}

/** The store answers, and refuses: an operator must fix it. */
export class EventStoreRefuses extends EventStoreUnavailable {}

/** Errors that affect every request until an operator fixes them: the store counts as unreachable, and work is retried. */
const REFUSALS: Readonly<Record<string, string>> = {
  'access-denied':
    'the event store refuses our credentials: check the connection string, and that its user may read $all and write',
  unsupported: 'the event store is too old: update it to version 22.6 or later',
};

/** Programming errors, never connection errors. */
const PROGRAMMING = [TypeError, RangeError, ReferenceError, SyntaxError];
const OURS = [StoreUnavailable, StreamGone, WriteTooLarge, ...PROGRAMMING];
/** The client does not know this status and passes on its name. */
const EVENT_TOO_LARGE = /MaximumAppendEventSizeExceeded/;

/** Maximum bytes per append; infinite if the server refuses an event of that size. Undefined for other errors. */
export function reportedLimit(error: unknown): number | undefined {
  const { type, message, maxAppendSize } = error as ClientError;
  if (type === 'maximum-append-size-exceeded') return maxAppendSize ?? Number.POSITIVE_INFINITY;
  return EVENT_TOO_LARGE.test(message) ? Number.POSITIVE_INFINITY : undefined;
}

/**
 * Translates an error of a client. Errors that are not known to be permanent count as an outage: the outcome of an append
 * is then unknown, and it is safe to retry unchanged.
 */
export function storeError(error: unknown): Error {
  if (OURS.some((kind) => error instanceof kind)) return error as Error;
  const { type, message } = error as ClientError;
  const said = (what: string) => (message ? `${what} (${message})` : what);
  const as = { cause: error };
  if (type === 'stream-deleted') return new StreamGone(said('the stream was tombstoned in the event store'), as);
  if (type === 'invalid-argument') return new Error(said('the event store rejects an argument'), as);
  const refusal = type && REFUSALS[type];
  if (refusal) return new EventStoreRefuses(said(refusal), as);
  return new EventStoreUnavailable(`the event store does not answer: ${message || type || 'no reason given'}`, as);
}

export const typeOf = (error: unknown): string | undefined => (error as ClientError | undefined)?.type;
