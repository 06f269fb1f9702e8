import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, toIso, WEEK_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import type { RolloutEvent } from './events.js';
import { delayedCohorts, refuseBesideUncounted } from './late-onboarding.js';
import { type Rollout, rolloutStream } from './rollout.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const RATE = 10;
const admitted = (cohortId: string, size: number, batchId?: string): RolloutEvent => ({
  type: 'CohortAdmitted',
  data: {
    ...{ cohortId, size, selection: 'first-come', perWeek: RATE, at: toIso(NOW) },
    ...(batchId !== undefined && { batchId }),
  },
});
const onboarded = (cohortId: string, people: number, at: number): RolloutEvent[] => [
  admitted(cohortId, people),
  { type: 'CohortClosed', data: { cohortId, people, first: toIso(at), last: toIso(at) } },
];
const given = (...events: RolloutEvent[]): Rollout => fold(rolloutStream, events);

describe('cohorts whose people wait', () => {
  it('are those beside which a wrong clock let people in, until these are seven days past', () => {
    const ahead = NOW + 3 * DAY_MS;
    const state = given(...onboarded('ahead', 8, ahead), admitted('late', 5), admitted('behind', 1));
    const until = ahead + WEEK_MS;
    expect(delayedCohorts(state, NOW)).toEqual([
      { cohortId: 'late', people: 5, until, holdsLine: true, isClosing: false },
    ]);
    expect(delayedCohorts(state, until)).toEqual([]);
  });

  it('hold the line only if they come from it', () => {
    const state = given(...onboarded('ahead', 8, NOW), admitted('invited-b-0', 5, 'b'), admitted('next', 5));
    expect(delayedCohorts(state, NOW).map(({ cohortId, holdsLine }) => [cohortId, holdsLine])).toEqual([
      ['invited-b-0', false],
      ['next', true],
    ]);
  });

  it('are none if everybody was counted', () => {
    expect(delayedCohorts(given(...onboarded('before', 5, NOW), admitted('next', 5)), NOW)).toEqual([]);
  });

  it('come in at exactly the moment that is named, whatever the clock was before', () => {
    const before = fc.array(
      fc.record({ people: fc.integer({ min: 1, max: RATE }), days: fc.double({ min: -8, max: 15, noNaN: true }) }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(before, fc.integer({ min: 1, max: RATE }), (cohorts, size) => {
        const state = given(
          ...cohorts.flatMap(({ people, days }, n) => onboarded(`c-${n}`, people, NOW + Math.round(days * DAY_MS))),
          admitted('late', size),
        );
        const comesIn = (at: number) => {
          try {
            refuseBesideUncounted(state, 'late', at);
            return true;
          } catch (error) {
            expect(error).toMatchObject({ code: 'rate-used' });
            return false;
          }
        };
        const [delayed] = delayedCohorts(state, NOW);
        expect(comesIn(NOW)).toBe(delayed === undefined);
        if (delayed) expect([comesIn(delayed.until - 1), comesIn(delayed.until)]).toEqual([false, true]);
      }),
      { numRuns: 300, seed: 14 },
    );
  });
});
