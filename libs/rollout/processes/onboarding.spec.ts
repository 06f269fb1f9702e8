import { expect, it } from '@jest/globals';
import { recorded } from '../../../test/support/fold-view.js';
import { nextOnboardingActions } from './onboarding.js';

it('fills a cohort that was admitted', () => {
  const admitted = { cohortId: 'c1', size: 3, selection: 'first-come', perWeek: 10, at: '2022-05-18T09:00:00.000Z' };
  expect(nextOnboardingActions(recorded(1, 'CohortAdmitted', admitted))).toEqual([
    { kind: 'fill-cohort', cohortId: 'c1', size: 3, perWeek: 10, selection: 'first-come' },
  ]);
});

it('lets in each account of a cohort', () => {
  expect(
    nextOnboardingActions(recorded(1, 'CohortOnboarded', { cohortId: 'c1', accounts: ['a', 'b'], perWeek: 10 })),
  ).toEqual([
    { kind: 'onboard-account', accountId: 'a', cohortId: 'c1' },
    { kind: 'onboard-account', accountId: 'b', cohortId: 'c1' },
  ]);
});

it('does nothing for any other event', () => {
  expect(nextOnboardingActions(recorded(1, 'AccountOnboarded', { accountId: 'a', cohortId: 'c1' }))).toEqual([]);
});
