import { StoreUnavailable } from '../event-store.js';

/** What the clients' errors have in common; those of a server that is away may lack the type. */
export interface ClientError extends Error {
  type?: string;
  code?: number;
}

/** Errors that trying again does not mend, and what to do about them. */
const LASTING: Readonly<Record<string, string>> = {
  'access-denied':
    'the event store refuses our credentials: check the connection string, and that its user may read $all and write',
  'stream-deleted': 'the stream was tombstoned in the event store and can never be used again',
  'maximum-append-size-exceeded':
    'the event store takes no append that large: raise its MaxAppendSize and MaxAppendEventSize',
  'invalid-argument': 'the event store does not take an argument',
  unsupported: 'the event store is too old',
};

/** Faults of a program, never of a connection. */
const PROGRAMMING = [TypeError, RangeError, ReferenceError, SyntaxError];

/**
 * What of ours an error of a client is. Whatever is not known to be lasting counts as being away: the outcome of an
 * append is then unknown, and the append is safe to repeat as it was.
 */
export function storeError(error: unknown): Error {
  if (error instanceof StoreUnavailable || PROGRAMMING.some((kind) => error instanceof kind)) return error as Error;
  const { type, message } = error as ClientError;
  const lasting = type && LASTING[type];
  if (lasting) return new Error(message ? `${lasting} (${message})` : lasting, { cause: error });
  return new StoreUnavailable(`the event store does not answer: ${message || type || 'no reason given'}`, {
    cause: error,
  });
}

export const typeOf = (error: unknown): string | undefined => (error as ClientError | undefined)?.type;
