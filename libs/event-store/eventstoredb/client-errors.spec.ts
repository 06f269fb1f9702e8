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
import { largestTaken, storeError } from './client-errors.js';

describe('what the errors of the client are to us', () => {
  it('takes a store that refuses the credentials or is too old for one that is away: it comes back once that is put right', () => {
    const error = storeError(new AccessDeniedError(undefined as never));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.message).toContain('check the connection string');
    expect(storeError({ type: 'unsupported' })).toBeInstanceOf(StoreUnavailable);
  });

  it('takes what it does not know for being away, and a tombstone for what it is', () => {
    for (const error of [new UnknownError(undefined as never, 'Server Is Not Ready'), new Error('no endpoint found')])
      expect(storeError(error)).toBeInstanceOf(StoreUnavailable);
    expect(storeError(StreamDeletedError.fromStreamName('account-1'))).toBeInstanceOf(StreamGone);
  });

  it('reads how much the server takes at once', () => {
    expect(largestTaken(MaxAppendSizeExceededError.fromMaxAppendSize(1_048_576))).toBe(1_048_576);
    const unknown = new UnknownError(undefined as never, 'Could not recognize MaximumAppendEventSizeExceeded');
    expect(largestTaken(unknown)).toBe(Number.POSITIVE_INFINITY);
    expect(largestTaken(new UnavailableError({ message: 'away' } as never))).toBeUndefined();
  });
});
