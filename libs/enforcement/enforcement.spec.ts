import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { completeEnforcement, enforcementStream, orderEnforcement, recordEnforcement } from './enforcement.js';
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
  it('is ordered once for a case, and keeps the order', () => {
    expect(orderEnforcement(given(), order)).toEqual([ordered]);
    expect(orderEnforcement(given(ordered), order)).toEqual([]);
    expect(orderEnforcement(given(ordered, completed), { ...order, measure: 'strike' })).toEqual([]);
    expect(given(ordered, completed)).toEqual({ status: 'completed', order });
  });

  it('is completed once', () => {
    expect(completeEnforcement(given(ordered), done)).toEqual([completed]);
    expect(completeEnforcement(given(ordered, completed), done)).toEqual([]);
  });

  it('can’t be completed unless it was ordered', () => {
    expect(() => completeEnforcement(given(), done)).toThrow(expect.objectContaining({ code: 'enforcement-unknown' }));
  });

  it('of a decision by hand is recorded at once, and once', () => {
    const byHand = { accountId: 'acc-1', enforcementId: 'e-1', measure: 'suspend' as const, categories: [] };
    const events = recordEnforcement(given(), byHand);
    expect(events).toEqual([
      { type: 'EnforcementOrdered', data: byHand },
      { type: 'EnforcementCompleted', data: { accountId: 'acc-1', enforcementId: 'e-1' } },
    ]);
    expect(recordEnforcement(given(...events), byHand)).toEqual([]);
  });
});
