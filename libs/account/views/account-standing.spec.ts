import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, replay } from '../../../test/support/fold-view.js';
import { accountStandingView } from './account-standing.js';

const accountId = 'acc-1';
const history = [
  recorded(1, 'WaitlistJoined', { accountId, email: 'sealed:v1:x' }),
  recorded(2, 'PolicyAccepted', { accountId, version: 'v1' }),
  recorded(3, 'AccountOnboarded', { accountId, cohortId: 'c1' }),
  recorded(4, 'AccountSuspended', { accountId, until: '2022-06-01T00:00:00.000Z', reason: 'strike' }),
  recorded(5, 'AccountDeactivated', { accountId, reason: 'review-confirmed', categories: [] }),
];

describe('the account-standing view', () => {
  it('has the current state of an account', () => {
    expect(foldView(accountStandingView, history).rows[accountId]).toEqual({
      account_id: accountId,
      status: 'onboarded',
      policy_version: 'v1',
      consequences: {
        deactivations: [{ cause: '', isManual: true, source: '/spec' }],
        suspensions: [{ cause: '', isManual: true, until: Date.parse('2022-06-01T00:00:00Z') }],
        restrictions: [],
        strikes: [],
      },
      suspended_until: Date.parse('2022-06-01T00:00:00Z'),
      deactivated: true,
      deactivated_at: Date.parse('2022-05-18T09:05:00Z'),
      cohort_id: 'c1',
      onboarded_cohort_id: 'c1',
      onboarded_position: 3,
      onboarded_stored_at: Date.parse('2022-05-18T09:03:00Z'),
      position: 5,
    });
  });

  it('has an account whose deactivation came before all its other events', () => {
    expect(foldView(accountStandingView, history.slice(4)).rows[accountId]).toMatchObject({
      status: 'unknown',
      deactivated: true,
    });
  });

  it('stays the same when events are replayed', () => {
    const { once, replayed } = replay(accountStandingView, history);
    expect(replayed).toEqual(once);
  });

  it('keeps when an account was first onboarded', () => {
    const again = recorded(6, 'AccountOnboarded', { accountId, cohortId: 'c2' });
    expect(foldView(accountStandingView, [...history, again]).rows[accountId]).toMatchObject({
      ...{ onboarded_position: 3, onboarded_cohort_id: 'c1', cohort_id: 'c2' },
    });
  });

  it('clears deactivation and suspension when the account is reinstated', () => {
    const reinstated = recorded(6, 'AccountReinstated', { accountId, reason: 'appeal' });
    expect(foldView(accountStandingView, [...history, reinstated]).rows[accountId]).toMatchObject({
      status: 'onboarded',
      deactivated: false,
      deactivated_at: null,
      suspended_until: null,
    });
  });
});
