import {
  AccessDeniedError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  UnavailableError,
  UnknownError,
} from '@eventstore/db-client';
import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../kernel/errors.js';
import { StreamGone } from '../event-store.js';
import { reportedLimit, storeError } from './client-errors.js';

describe('storeError', () => {
  it('reports rejected credentials and an old version as an unreachable store, which an operator can fix', () => {
    const error = storeError(new AccessDeniedError(undefined as never));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.message).toContain('check the connection string');
    expect(storeError({ type: 'unsupported' })).toBeInstanceOf(StoreUnavailable);
  });

  it('reports unknown errors as an unreachable store, and a tombstone as a deleted stream', () => {
    for (const error of [new UnknownError(undefined as never, 'Server Is Not Ready'), new Error('no endpoint found')])
      expect(storeError(error)).toBeInstanceOf(StoreUnavailable);
    expect(storeError(StreamDeletedError.fromStreamName('account-1'))).toBeInstanceOf(StreamGone);
  });

  it('extracts the server’s limit for an append', () => {
    expect(reportedLimit(MaxAppendSizeExceededError.fromMaxAppendSize(1_048_576))).toBe(1_048_576);
    const unknown = new UnknownError(undefined as never, 'Could not recognize MaximumAppendEventSizeExceeded');
    expect(reportedLimit(unknown)).toBe(Number.POSITIVE_INFINITY);
    expect(reportedLimit(new UnavailableError({ message: 'away' } as never))).toBeUndefined();
  });
});
