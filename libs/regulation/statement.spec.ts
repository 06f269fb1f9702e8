import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import {
  queueStatement,
  recordAccepted,
  recordRefused,
  retryStatement,
  type Statement,
  statementStream,
} from './statement.js';
import { StatementQueued, StatementRefused } from './statement-events.js';

const statement = StatementQueued.example as Statement;
const { statementId } = statement;
const { errors } = StatementRefused.example;
const queued = fold(statementStream, queueStatement(statementStream.initial, statement));
const accepted = fold(statementStream, recordAccepted(queued, { statementId }), queued);
const refused = fold(statementStream, recordRefused(queued, { statementId, errors }), queued);

describe('a statement of reasons', () => {
  it('is queued once, and accepted or refused once', () => {
    expect(queued.status).toBe('waiting');
    expect(queueStatement(queued, statement)).toEqual([]);
    expect(accepted.status).toBe('accepted');
    expect(refused).toMatchObject({ status: 'refused', errors });
    for (const state of [accepted, refused, statementStream.initial]) {
      expect(recordAccepted(state, { statementId })).toEqual([]);
      expect(recordRefused(state, { statementId, errors })).toEqual([]);
    }
  });

  it('is retried once it was refused; a no-op while it waits', () => {
    const again = fold(statementStream, retryStatement(refused, statementId), refused);
    expect(again).toMatchObject({ status: 'waiting', statement, errors: [] });
    expect(retryStatement(again, statementId)).toEqual([]);
  });

  it('is not retried if it is unknown, or the database has it', () => {
    const refusal = (code: string) => expect.objectContaining({ code });
    expect(() => retryStatement(statementStream.initial, statementId)).toThrow(refusal('statement-unknown'));
    expect(() => retryStatement(accepted, statementId)).toThrow(refusal('statement-accepted'));
  });
});
