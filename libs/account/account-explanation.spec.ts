import { describe, expect, it } from '@jest/globals';
import { recordedOf } from '../../test/support/fold-view.js';
import { foldRecorded } from '../kernel/decider.js';
import type { Recorded } from '../kernel/envelope.js';
import { type ExplainedBy, explain } from './account-explanation.js';
import { accountStream } from './account-standing.js';
import { AccountDeactivated, type AccountEvent, AccountOnboarded, PolicyAccepted } from './events.js';

const accountId = 'acc-1';
const onboarded = recordedOf(1, AccountOnboarded, { accountId, cohortId: 'week-20' });
const accepts = (position: number, version: string) => recordedOf(position, PolicyAccepted, { accountId, version });

const why = (events: Recorded<AccountEvent>[], by: Partial<ExplainedBy> = {}) =>
  explain(accountId, foldRecorded(accountStream, events as never), events, {
    now: 0,
    policies: { current: 'v1', sufficient: new Set(['v1']) },
    ...by,
  });

describe('the explanation of an account', () => {
  it('names the accepted version of the policy that suffices, not one accepted for later', () => {
    expect(why([onboarded, accepts(2, 'v1'), accepts(3, 'v2')])).toEqual([
      expect.objectContaining({ reason: 'allowed', text: expect.stringMatching(/accepted the content policy v1$/) }),
    ]);
  });

  const reasons = (...given: Parameters<typeof why>) => why(...given).map(({ reason }) => reason);

  it('names a deactivation that is decided but not stored yet, as access decisions do', () => {
    const able = [onboarded, accepts(2, 'v1')];
    expect(reasons(able, { isDeactivationPending: true })).toEqual(['account-deactivated']);
    expect(reasons(able, { isDeactivationPending: false })).toEqual(['allowed']);
    const stored = recordedOf(3, AccountDeactivated, { accountId });
    expect(reasons([...able, stored], { isDeactivationPending: true })).toEqual(['account-deactivated']);
  });

  it('names the clause of the verdict rather than the categories of flags', () => {
    const data = { accountId, reason: 'review-confirmed', caseId: 'img-1', categories: ['violent'] };
    const stored = [onboarded, accepts(2, 'v1'), recordedOf(3, AccountDeactivated, data)];
    expect(why(stored)[0]!.text).toContain('was confirmed (violent)');
    const confirmations = new Map([['img-1', { reviewers: ['rev-1'], clause: 'spam' }]]);
    expect(why(stored, { confirmations })[0]!.text).toContain('was confirmed (clause spam), as decided by rev-1');
  });

  it('names the event of the account or of the policy that cannot be read', () => {
    const broken = { ...accepts(2, 'v1'), fault: 'its data lacks version' };
    expect(why([onboarded, broken])).toEqual([
      expect.objectContaining({ reason: 'account-unreadable', position: '2' }),
      expect.objectContaining({ reason: 'policy-not-accepted' }),
    ]);
    const policies = { sufficient: new Set<string>(), unreadable: 9 };
    expect(why([onboarded, accepts(2, 'v1')], { policies })[0]).toMatchObject({
      reason: 'policy-unreadable',
      position: '9',
    });
  });
});
