import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '../kernel/decider.js';
import { type Cohort, cohortMembers, cohortStream, fillCohort, onboardCohort, placesLeft } from './cohort.js';
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
        let left = waiting;
        for (let part = 0; !state.complete; part++) {
          const chosen = Math.min(placesLeft(state, size), left);
          const events = fill(state, part, people(chosen, waiting - left), size);
          expect(events).toHaveLength(1);
          expect(chosen).toBeLessThanOrEqual(1000);
          state = fold(cohortStream, events, state);
          left -= chosen;
        }
        expect(state.chosen.flatMap(({ accounts }) => accounts)).toEqual(people(Math.min(size, waiting)));
        expect([placesLeft(state, size), fill(state, state.chosen.length, [], size)]).toEqual([0, []]);
      }),
    );
  });

  it('is a no-op for a part that was chosen, even with other accounts', () => {
    const state = fold(cohortStream, fill(cohortStream.initial, 0, ['a', 'b'], 3));
    expect(fill(state, 0, ['c'], 3)).toEqual([]);
  });

  it('records that nobody waited, so that nobody is chosen later', () => {
    const state = fold(cohortStream, fill(cohortStream.initial, 0, [], 3));
    expect([state.chosen.length, state.complete, placesLeft(state, 3)]).toEqual([1, true, 0]);
  });

  it('refuses more people than were admitted', () => {
    expect(() => fill(cohortStream.initial, 0, people(11), 10)).toThrow(
      expect.objectContaining({ code: 'cohort-full' }),
    );
  });

  it('counts the onboarded accounts of an early log as the chosen ones, and nobody else', () => {
    const state = fold(cohortStream, [onboarded('a', 'b'), onboarded('c')]);
    expect(state.chosen.map(({ accounts }) => accounts)).toEqual([['a', 'b'], ['c']]);
    expect([placesLeft(state, 10), cohortMembers(state)]).toEqual([0, ['a', 'b', 'c']]);
    expect(onboard(state, ['a', 'b'])).toEqual([]);
  });
});

describe('reporting the onboarded accounts of a cohort', () => {
  it('names each onboarded account once and numbers the events', () => {
    let state = fold(cohortStream, fill(cohortStream.initial, 0, ['a', 'b'], 3));
    state = fold(cohortStream, onboard(state, ['a']), state);
    expect(onboard(state, ['a', 'b'])).toEqual([
      { type: 'CohortOnboarded', data: { cohortId: 'c1', accounts: ['b'], perWeek: 3000, part: 1 } },
    ]);
  });

  it('knows of each version of the cohort whom it reported, in whatever order they are asked', () => {
    const who = fc.uniqueArray(fc.constantFrom(...people(8)), { minLength: 1 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ accounts: who, asked: who, version: fc.nat(9) }), { maxLength: 9 }),
        (reports) => {
          const versions = [{ state: cohortStream.initial, known: new Set<string>() }];
          for (const { accounts, asked, version } of reports) {
            const { state, known } = versions[version % versions.length]!;
            const added = asked.filter((account) => !known.has(account));
            expect(onboard(state, asked).flatMap(({ data }) => data.accounts)).toEqual(added);
            versions.push({
              state: fold(cohortStream, [onboarded(...accounts)], state),
              known: new Set([...known, ...accounts]),
            });
          }
          for (const { state, known } of versions)
            expect(onboard(state, people(8)).flatMap(({ data }) => data.accounts)).toEqual(
              people(8).filter((one) => !known.has(one)),
            );
        },
      ),
    );
  });

  it('is a no-op if every account was reported', () => {
    const state = fold(cohortStream, fill(cohortStream.initial, 0, ['a'], 1));
    expect(onboard(state, [])).toEqual([]);
    expect(onboard(fold(cohortStream, onboard(state, ['a']), state), ['a'])).toEqual([]);
  });
});
