import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '../kernel/decider.js';
import { type Cohort, cohortStream, fillCohort, onboardCohort, placesLeft } from './cohort.js';
import type { CohortEvent } from './events.js';

const people = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `acc-${from + i}`);
const fill = (state: Cohort, part: number, accounts: string[], size: number) =>
  fillCohort(state, { cohortId: 'c1', part, accounts, turns: accounts.map(() => 1), size });
const onboard = (state: Cohort, accounts: string[]) =>
  onboardCohort(state, { cohortId: 'c1', accounts, perWeek: 3000 });
const onboarded = (...accounts: string[]): CohortEvent => ({
  type: 'CohortOnboarded',
  data: { cohortId: 'c1', accounts, perWeek: 3000, part: 0 },
});

describe('filling a cohort', () => {
  it('chooses waiting people in parts of at most a thousand, until the cohort is full or nobody else waits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 5000 }), (size, waiting) => {
        let state = cohortStream.initial;
        const chosen: string[] = [];
        for (let part = 0; !state.complete; part++) {
          const next = Math.min(placesLeft(state, size), waiting - chosen.length);
          const events = fill(state, part, people(next, chosen.length), size);
          expect(events).toHaveLength(1);
          expect(next).toBeLessThanOrEqual(1000);
          state = fold(cohortStream, events, state);
          chosen.push(...events.flatMap(({ data }) => data.accounts));
        }
        expect(chosen).toEqual(people(Math.min(size, waiting)));
        expect(state.people).toBe(chosen.length);
        expect([placesLeft(state, size), fill(state, state.parts.length, [], size)]).toEqual([0, []]);
      }),
    );
  });

  it('is a no-op for a part that was chosen, even with other accounts', () => {
    const state = fold(cohortStream, fill(cohortStream.initial, 0, ['a', 'b'], 3));
    expect(fill(state, 0, ['c'], 3)).toEqual([]);
  });

  it('records that nobody waited, so that nobody is chosen later', () => {
    const state = fold(cohortStream, fill(cohortStream.initial, 0, [], 3));
    expect([state.parts.length, state.complete, placesLeft(state, 3)]).toEqual([1, true, 0]);
  });

  it('refuses more people than were admitted', () => {
    expect(() => fill(cohortStream.initial, 0, people(11), 10)).toThrow(
      expect.objectContaining({ code: 'cohort-full' }),
    );
  });

  it('counts the onboarded accounts of an early log as the chosen ones, and nobody else', () => {
    const history = [onboarded('a', 'b'), onboarded('c')].map((event, n) => ({ ...event, position: 7 + n }));
    const state = fold(cohortStream, history);
    expect(state).toEqual({ parts: [7, 8], people: 3, complete: true, reports: [7, 8] });
    expect(placesLeft(state, 10)).toBe(0);
  });
});

describe('reporting the onboarded accounts of a cohort', () => {
  it('numbers the reports, and is a no-op if nobody else was onboarded', () => {
    const state = fold(cohortStream, [...fill(cohortStream.initial, 0, ['a', 'b'], 3), onboarded('a')]);
    expect(onboard(state, ['b'])).toEqual([
      { type: 'CohortOnboarded', data: { cohortId: 'c1', accounts: ['b'], perWeek: 3000, part: 1 } },
    ]);
    expect(onboard(state, [])).toEqual([]);
  });
});
