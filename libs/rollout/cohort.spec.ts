import { describe, expect, it } from '@jest/globals';
import { fold } from '../kernel/decider.js';
import { type Cohort, cohortAccounts, cohortStream, onboardCohort } from './cohort.js';

const people = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `acc-${from + i}`);
const onboard = (state: Cohort, accounts: string[], size = 2500) =>
  onboardCohort(state, { cohortId: 'c1', accounts, size, perWeek: 3000 });

describe('onboarding a cohort', () => {
  it('names at most a thousand accounts an event and numbers the events', () => {
    const events = onboard(cohortStream.initial, people(2500));
    expect(events.map(({ data }) => [data.part, data.accounts.length])).toEqual([
      [0, 1000],
      [1, 1000],
      [2, 500],
    ]);
    expect(cohortAccounts(fold(cohortStream, events))).toEqual(people(2500));
  });

  it('goes on where it stopped, without naming anybody twice', () => {
    const state = fold(cohortStream, onboard(cohortStream.initial, people(1000)));
    const events = onboard(state, people(1200));
    expect(events.map(({ data }) => data)).toEqual([
      { cohortId: 'c1', accounts: people(200, 1000), perWeek: 3000, part: 1 },
    ]);
  });

  it('stays quiet when all are in', () => {
    const state = fold(cohortStream, onboard(cohortStream.initial, people(10), 10));
    expect(onboard(state, people(10), 10)).toEqual([]);
  });

  it('refuses more people than were admitted', () => {
    expect(() => onboard(cohortStream.initial, people(11), 10)).toThrow(
      expect.objectContaining({ code: 'cohort-full' }),
    );
  });
});
