import { StoreUnavailable } from '../../kernel/errors.js';
import { StreamGone, WriteTooLarge } from '../event-store.js';

/** What the clients' errors have in common; those of a server that is away may lack the type. */
export interface ClientError extends Error {
  type?: string;
  code?: number;
  maxAppendSize?: number;
}

/** What keeps everything out until somebody mends it: the store is as good as away, and nothing is given up for that. */
const REFUSALS: Readonly<Record<string, string>> = {
  'access-denied':
    'the event store refuses our credentials: check the connection string, and that its user may read $all and write',
  unsupported: 'the event store is too old',
};

/** Faults of a program, never of a connection. */
const PROGRAMMING = [TypeError, RangeError, ReferenceError, SyntaxError];
const OURS = [StoreUnavailable, StreamGone, WriteTooLarge, ...PROGRAMMING];
/** The client does not know this answer and passes on its name. */
const EVENT_TOO_LARGE = /MaximumAppendEventSizeExceeded/;

/** How many bytes the server takes at once; infinite where it takes no event that large. Undefined for other errors. */
export function largestTaken(error: unknown): number | undefined {
  const { type, message, maxAppendSize } = error as ClientError;
  if (type === 'maximum-append-size-exceeded') return maxAppendSize ?? Number.POSITIVE_INFINITY;
  return EVENT_TOO_LARGE.test(message) ? Number.POSITIVE_INFINITY : undefined;
}

/**
 * What of ours an error of a client is. Whatever is not known to be lasting counts as being away: the outcome of an
 * append is then unknown, and the append is safe to repeat as it was.
 */
export function storeError(error: unknown): Error {
  if (OURS.some((kind) => error instanceof kind)) return error as Error;
  const { type, message } = error as ClientError;
  const said = (what: string) => (message ? `${what} (${message})` : what);
  const as = { cause: error };
  if (type === 'stream-deleted') return new StreamGone(said('the stream was tombstoned in the event store'), as);
  if (type === 'invalid-argument') return new Error(said('the event store does not take an argument'), as);
  const refusal = type && REFUSALS[type];
  if (refusal) return new StoreUnavailable(said(refusal), as);
  return new StoreUnavailable(`the event store does not answer: ${message || type || 'no reason given'}`, as);
}

export const typeOf = (error: unknown): string | undefined => (error as ClientError | undefined)?.type;
