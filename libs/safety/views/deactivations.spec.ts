import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { deactivationsView } from './deactivations.js';

const accountId = 'acc-1';
const first = recorded(1, 'AccountDeactivated', {
  accountId,
  reason: 'review-confirmed',
  caseId: 'i',
  imageId: 'i',
  categories: ['hate'],
});
const reinstated = recorded(2, 'AccountReinstated', { accountId, reason: 'appeal' });
const other = recorded(3, 'AccountDeactivated', { accountId: 'acc-2', reason: 'operator-decision', categories: [] });

describe('the deactivations view', () => {
  it('has the time, reason and case of a deactivation, and counts by day and category', () => {
    const { rows, counters } = foldView(deactivationsView, [first, other]);
    expect(rows[accountId]).toEqual({
      account_id: accountId,
      at: Date.UTC(2022, 4, 18, 9, 1),
      stored_at: Date.UTC(2022, 4, 18, 9, 1),
      reason: 'review-confirmed',
      case_id: 'i',
      categories: ['hate'],
      reinstated_at: null,
      position: 1,
    });
    expect(counters).toEqual({
      all: { deactivated: 2, reinstated: 0 },
      'day:2022-05-18': { deactivated: 2, reinstated: 0 },
      'week:2022-W20': { deactivated: 2, reinstated: 0 },
      'category:hate': { deactivated: 1, reinstated: 0 },
    });
  });

  it('keeps a reversed deactivation with the time of the reinstatement', () => {
    const { rows, counters } = foldView(deactivationsView, [first, reinstated]);
    expect(rows[accountId]).toMatchObject({ reinstated_at: Date.UTC(2022, 4, 18, 9, 2) });
    expect(counters.all).toEqual({ deactivated: 1, reinstated: 1 });
  });

  it('has no row for an account of which only a suspension was reversed', () => {
    expect(foldView(deactivationsView, [reinstated]).rows).toEqual({});
  });

  it('stays the same when events are replayed', () => {
    const history = [first, reinstated, other];
    const { once, replayed } = replay(deactivationsView, history);
    expect(replayed).toEqual(once);
  });
});
