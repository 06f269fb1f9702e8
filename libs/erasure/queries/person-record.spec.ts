import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { concerns, subjectOf } from './person-record.js';

const subject = subjectOf('acc-1', ['acc-1', 'image/img-1']);
const event = (stream: string, data: object = {}, actor = 'rita') =>
  ({ stream, data, metadata: { actor: { kind: 'user', id: actor } } }) as unknown as RecordedEvent;

describe('what is stored of a person', () => {
  it.each([
    event('account-acc-1'),
    event('policy-use-acc-1'),
    event('cohort-1', { accounts: ['acc-1'] }),
    event('case-img-1', { caseId: 'img-1' }),
    event('switches', {}, 'acc-1'),
  ])('is an event that names them or an image of theirs', (one) => {
    expect(concerns(subject, one)).toBe(true);
  });

  it.each([
    event('account-acc-2', { accountId: 'acc-2' }),
    event('account-x-acc-1', { accountId: 'x-acc-1' }),
    event('case-policy-use-acc-1', { caseId: 'policy-use-acc-1' }),
  ])('is no event of somebody whose id only ends as theirs', (one) => {
    expect(concerns(subject, one)).toBe(false);
  });
});
