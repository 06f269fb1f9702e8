import { describe, expect, it } from '@jest/globals';
import { foldView, recorded, toldAgain } from '../../../test/support/fold-view.js';
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
  it('says where an account stands', () => {
    expect(foldView(accountStandingView, history).rows[accountId]).toEqual({
      account_id: accountId,
      status: 'onboarded',
      policy_version: 'v1',
      suspended_until: Date.parse('2022-06-01T00:00:00Z'),
      deactivated: true,
      deactivated_at: Date.parse('2022-05-18T09:05:00Z'),
      cohort_id: 'c1',
      position: 5,
    });
  });

  it('knows an account that was deactivated before it was heard of', () => {
    expect(foldView(accountStandingView, history.slice(4)).rows[accountId]).toMatchObject({
      status: 'unknown',
      deactivated: true,
    });
  });

  it('is not moved by events that come again', () => {
    const { once, again } = toldAgain(accountStandingView, history);
    expect(again).toEqual(once);
  });

  it('forgets deactivation and suspension when the account is reinstated', () => {
    const reinstated = recorded(6, 'AccountReinstated', { accountId, reason: 'appeal' });
    expect(foldView(accountStandingView, [...history, reinstated]).rows[accountId]).toMatchObject({
      status: 'onboarded',
      deactivated: false,
      deactivated_at: null,
      suspended_until: null,
    });
  });
});
