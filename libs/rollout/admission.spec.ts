import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { admitDaily, admitWaiting, dailyCohort, dailySize, openCohort, wayOf } from './admission.js';
import { closeCohort, onboardedAt } from './closing-cohort.js';
import type { RolloutEvent } from './events.js';
import { admitCohort, cohortsBeingOnboarded, peopleInTotal, peopleInWindow, rolloutStream } from './rollout.js';
import { sliceCohort } from './scheduled-slice.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const daily = (perWeek: number): RolloutEvent => ({ type: 'OnboardingRateSet', data: { perWeek, daily: true } });

describe('the schedule', () => {
  it('admits at most once in 24 hours, even if the clock goes back', () => {
    const gap = fc.oneof(fc.integer({ min: 0, max: 2 * DAY_MS }), fc.constantFrom(-3_600_000, 1, DAY_MS - 1, DAY_MS));
    fc.assert(
      fc.property(fc.array(gap, { minLength: 1, maxLength: 30 }), (gaps) => {
        let state = fold(rolloutStream, [daily(70)]);
        let now = NOW;
        const times: number[] = [];
        for (const by of gaps) {
          now += by;
          const events = admitDaily(state, now, 1_000);
          expect(events.length > 0).toBe(dailySize(state, now, 1_000) > 0);
          if (events.length > 0) times.push(now);
          state = fold(rolloutStream, events, state);
          const [open] = cohortsBeingOnboarded(state);
          if (open) state = fold(rolloutStream, closeCohort(state, open.cohortId, onboardedAt([now])), state);
        }
        for (const [n, time] of times.entries()) {
          for (const other of times.slice(n + 1)) expect(Math.abs(other - time)).toBeGreaterThanOrEqual(DAY_MS);
        }
      }),
    );
  });

  it('admits a seventh of the rate, rounded up, limited by the rate left and the people waiting', () => {
    const state = fold(rolloutStream, [daily(10)]);
    expect([dailySize(state, NOW, 1_000), dailySize(state, NOW, 1), dailySize(state, NOW, 0)]).toEqual([2, 1, 0]);
  });
});

describe('admitting as many as wait', () => {
  it('admits everybody waiting within the rate, and refuses if nobody waits', () => {
    const state = fold(rolloutStream, [daily(10)]);
    const size = (waiting: number) =>
      admitWaiting(state, { cohortId: 'c1', now: NOW }, waiting).map(({ data }) => (data as { size: number }).size);
    expect([size(3), size(30)]).toEqual([[3], [10]]);
    expect(() => size(0)).toThrow(expect.objectContaining({ code: 'nobody-waiting' }));
  });
});

describe('the way in', () => {
  it('follows from the id of a cohort, as the system gives it', () => {
    expect([openCohort(NOW), sliceCohort(NOW), dailyCohort(NOW), 'week-20'].map(wayOf)).toEqual([
      ...['joining', 'schedule', 'schedule', 'line'],
    ]);
  });

  it('is the line for what an operator called so before these ids were reserved', () => {
    expect(['open-beta', 'open-access-week-1', 'slice-of-may'].map(wayOf)).toEqual(['line', 'line', 'line']);
  });
});

describe('many small cohorts', () => {
  it('are kept in the state only as the latest thousand, beside what the schedule admitted, and all their people count', () => {
    const start = fold(rolloutStream, [daily(1_000_000)]);
    let state = fold(rolloutStream, admitDaily(start, NOW, 1), start);
    state = fold(rolloutStream, closeCohort(state, dailyCohort(NOW), onboardedAt([NOW])), state);
    for (let n = 0; n < 1_500; n++) {
      const at = NOW + n * 60_000;
      const admitted = admitCohort(state, { cohortId: openCohort(at), now: at, size: 2 });
      state = fold(rolloutStream, admitted, state);
      state = fold(rolloutStream, closeCohort(state, openCohort(at), onboardedAt([at, at])), state);
    }
    const end = NOW + 1_500 * 60_000;
    expect(state.cohorts.length).toBeLessThanOrEqual(1_001);
    expect([peopleInWindow(state, end), peopleInTotal(state)]).toEqual([3_001, 3_001]);
    // Another one on that day would have the same id.
    const sameDay = NOW + 13 * 3_600_000;
    expect([dailySize(state, sameDay, 500), admitDaily(state, sameDay, 500)]).toEqual([0, []]);
  });
});
