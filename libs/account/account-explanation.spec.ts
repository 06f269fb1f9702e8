import { describe, expect, it } from '@jest/globals';
import { recordedOf } from '../../test/support/fold-view.js';
import { foldRecorded } from '../kernel/decider.js';
import type { Recorded } from '../kernel/envelope.js';
import { type ExplainedBy, explain } from './account-explanation.js';
import { accountStream } from './account-standing.js';
import { type AccountEvent, AccountOnboarded, PolicyAccepted } from './events.js';

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
});
