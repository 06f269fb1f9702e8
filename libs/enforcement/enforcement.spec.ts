import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import {
  completeEnforcement,
  enforcementStream,
  isEnforced,
  orderEnforcement,
  recordEnforcement,
  replaceOrder,
  reverseEnforcement,
} from './enforcement.js';
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
    expect(orderEnforcement(given(), order, 1)).toEqual([ordered]);
    expect(orderEnforcement(given(ordered), order, 1)).toEqual([]);
    expect(orderEnforcement(given(ordered, completed), { ...order, measure: 'strike' }, 1)).toEqual([]);
    expect(given(ordered, completed)).toMatchObject({ status: 'completed', order, orders: 1 });
  });

  it('of a case refuses an id that a decision by hand has, instead of imposing that one’s order', () => {
    const { caseId: _, ...byHand } = { ...order, accountId: 'acc-2', enforcementId: 'img-1' };
    const state = given(...recordEnforcement(given(), byHand));
    expect(() => orderEnforcement(state, order, 1)).toThrow(expect.objectContaining({ code: 'enforcement-id-taken' }));
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

describe('reversing an enforcement', () => {
  const reversal = { accountId: 'acc-1', caseId: 'img-1', reason: 'appeal-granted', appeal: 1, round: 1 };

  it('is recorded once for an appeal, and the confirmation is not enforced again', () => {
    const events = reverseEnforcement(given(ordered, completed), reversal);
    expect(events).toEqual([{ type: 'EnforcementReversed', data: reversal }]);
    const state = given(ordered, completed, ...events);
    expect(reverseEnforcement(state, reversal)).toEqual([]);
    expect([isEnforced(state, 1), isEnforced(state, 2)]).toEqual([true, false]);
    expect(orderEnforcement(state, order, 1)).toEqual([]);
    expect(orderEnforcement(state, order, 2)).toEqual([ordered]);
  });

  it('puts another order in its place at once', () => {
    const other = { ...order, measure: 'strike' as const, clause: 'spam' };
    const events = replaceOrder(given(ordered, completed), reversal, other);
    const state = given(ordered, completed, ...events);
    expect(state).toMatchObject({ status: 'ordered', order: other, orders: 2, appeal: 1 });
    expect(replaceOrder(state, reversal, order)).toEqual([]);
    expect(isEnforced(state, 1)).toBe(true);
  });

  it('is refused for what was never ordered', () => {
    expect(() => reverseEnforcement(given(), reversal)).toThrow(
      expect.objectContaining({ code: 'enforcement-unknown' }),
    );
  });
});

it('leaves what a later confirmation led to as it is, if a round that undid an earlier one is processed again', () => {
  const reversal = {
    accountId: 'acc-1',
    caseId: 'img-1',
    reason: 'case-reopened',
    appeal: 0,
    round: 1,
    decidedRound: 2,
  };
  const byAppeal: EnforcementEvent = {
    type: 'EnforcementReversed',
    data: { accountId: 'acc-1', caseId: 'img-1', reason: 'appeal-granted', appeal: 1, round: 1 },
  };
  const first: EnforcementEvent = { type: 'EnforcementOrdered', data: { ...order, round: 1 } };
  const later: EnforcementEvent = { type: 'EnforcementOrdered', data: { ...order, round: 3 } };
  expect(reverseEnforcement(given(first, completed), reversal)).toHaveLength(1);
  // An appeal had undone it before.
  const anew = given(first, completed, byAppeal, later, completed);
  expect(reverseEnforcement(anew, reversal)).toEqual([]);
  expect(reverseEnforcement(anew, { ...reversal, round: 3, decidedRound: 4 })).toHaveLength(1);
  // What replaced the order is for the same confirmation.
  const replaced = given(first, completed, { ...byAppeal }, ordered, completed);
  expect(reverseEnforcement(replaced, reversal)).toHaveLength(1);
});
