import { describe, expect, it } from '@jest/globals';
import { recordedOf } from '../../test/support/fold-view.js';
import { fold } from '../kernel/decider.js';
import { ReviewConfirmed } from '../review/index.js';
import { completeEnforcement, enforcementStream, orderEnforcement } from './enforcement.js';
import { nextEnforcementActions } from './enforcement-actions.js';
import type { EnforcementEvent } from './events.js';

const order = {
  accountId: 'acc-1',
  caseId: 'img-1',
  imageId: 'img-1',
  measure: 'deactivate' as const,
  categories: ['hate'],
};
const ordered: EnforcementEvent = { type: 'EnforcementOrdered', data: order };
const done = { accountId: 'acc-1', caseId: 'img-1' };
const completed: EnforcementEvent = { type: 'EnforcementCompleted', data: done };
const given = (...events: EnforcementEvent[]) => fold(enforcementStream, events);

describe('enforcement', () => {
  it('is ordered once for a case', () => {
    expect(orderEnforcement(given(), order)).toEqual([ordered]);
    expect(orderEnforcement(given(ordered), order)).toEqual([]);
    expect(orderEnforcement(given(ordered, completed), order)).toEqual([]);
  });

  it('is completed once', () => {
    expect(completeEnforcement(given(ordered), done)).toEqual([completed]);
    expect(completeEnforcement(given(ordered, completed), done)).toEqual([]);
  });

  it('can’t be completed unless it was ordered', () => {
    expect(() => completeEnforcement(given(), done)).toThrow(expect.objectContaining({ code: 'enforcement-unknown' }));
  });
});

describe('a confirmed review', () => {
  it('leads to order and deactivation at once, then to completion', () => {
    const { accountId, caseId, imageId, categories } = order;
    const event = recordedOf(1, ReviewConfirmed, { caseId, imageId, accountId, categories });
    expect(nextEnforcementActions(event)).toEqual([
      [
        { kind: 'order-enforcement', data: order },
        { kind: 'deactivate-account', data: { accountId, reason: 'review-confirmed', caseId, imageId, categories } },
      ],
      [{ kind: 'complete-enforcement', data: done }],
    ]);
  });

  it('is an error if it names no account, since nobody can be deactivated', () => {
    expect(() => nextEnforcementActions(recordedOf(1, ReviewConfirmed, { accountId: undefined }))).toThrow(
      'names no account',
    );
  });
});
