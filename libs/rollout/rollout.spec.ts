import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectCapKept, type OnboardedPerson } from '../../test/support/onboarding-invariants.js';
import { DAY_MS, toIso, WEEK_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import { closeCohort, onboardedAt } from './closing-cohort.js';
import type { RolloutEvent } from './events.js';
import {
  type AdmitCohort,
  admitCohort,
  availableCapacity,
  cohortsBeingOnboarded,
  pauseOnboarding,
  type Rollout,
  resumeOnboarding,
  rolloutStream,
  setRate,
} from './rollout.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const HOUR_MS = 3_600_000;

const rate = (perWeek: number): RolloutEvent => ({ type: 'OnboardingRateSet', data: { perWeek, daily: false } });
const paused: RolloutEvent = { type: 'OnboardingPaused', data: { reason: 'reviewers are behind' } };
const resumed: RolloutEvent = { type: 'OnboardingResumed', data: {} };
const admitted = (cohortId: string, size: number, at = NOW, perWeek = 1000): RolloutEvent => ({
  type: 'CohortAdmitted',
  data: { cohortId, size, selection: 'first-come', perWeek, at: toIso(at) },
});

const closed = (cohortId: string, people: number, first = NOW, last = first): RolloutEvent => ({
  type: 'CohortClosed',
  data: { cohortId, people, ...(people > 0 && { first: toIso(first), last: toIso(last) }) },
});
/** A cohort that is admitted and onboarded at the same moment. */
const admittedAndOnboarded = (cohortId: string, people: number, at = NOW) => [
  admitted(cohortId, people, at),
  closed(cohortId, people, at),
];

const given = (...events: RolloutEvent[]): Rollout => fold(rolloutStream, events);
const admit = (state: Rollout, command: Partial<AdmitCohort> = {}) =>
  admitCohort(state, { cohortId: 'c9', now: NOW, ...command });
const refusal = (code: string, details = {}) =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

describe('the onboarding rate', () => {
  it('is set, and setting the same rate is a no-op', () => {
    expect(setRate(given(), 1000)).toEqual([rate(1000)]);
    expect(setRate(given(rate(1000)), 1000)).toEqual([]);
    expect(setRate(given(rate(1000)), 1000, true)).toEqual([
      { type: 'OnboardingRateSet', data: { perWeek: 1000, daily: true, before: 1000 } },
    ]);
  });

  it('is paused and resumed, each once', () => {
    expect(pauseOnboarding(given(), 'reviewers are behind')).toEqual([paused]);
    expect(pauseOnboarding(given(paused), 'another reason')).toEqual([]);
    expect(resumeOnboarding(given(paused))).toEqual([resumed]);
    expect(resumeOnboarding(given(paused, resumed))).toEqual([]);
  });
});

describe('admitting a cohort', () => {
  it('admits all that is available if no size is given', () => {
    expect(admit(given(rate(1000), admitted('c1', 300)))).toEqual([admitted('c9', 700)]);
  });

  it('admits the requested size, or the listed accounts without repeats', () => {
    expect(admit(given(rate(1000)), { size: 20 })).toEqual([admitted('c9', 20)]);
    expect(admit(given(rate(1000)), { accounts: ['a', 'b', 'a'] })[0]!.data).toMatchObject({
      size: 2,
      selection: 'listed',
      accounts: ['a', 'b'],
    });
  });

  it('is a no-op for an admitted cohort, even while paused', () => {
    expect(admit(given(rate(1000), admitted('c9', 300), paused), { size: 700 })).toEqual([]);
  });

  it('remembers the last thousand cohorts and all that still count', () => {
    const old = Array.from({ length: 1500 }, (_, n) => admittedAndOnboarded(`old-${n}`, 1, NOW + n)).flat();
    const state = given(
      rate(2000),
      admitted('waiting', 1),
      ...old,
      ...admittedAndOnboarded('new', 1, NOW + 30 * DAY_MS),
    );
    const known = (cohortId: string) => admit(state, { cohortId, size: 1, now: NOW + 30 * DAY_MS }).length === 0;
    expect(['waiting', 'new', 'old-1499', 'old-501', 'old-500'].map(known)).toEqual([true, true, true, true, false]);
  });

  it('refuses while paused, without a rate, and for an empty list of accounts', () => {
    expect(() => admit(given(rate(1000), paused))).toThrow(refusal('onboarding-paused'));
    expect(() => admit(given())).toThrow(refusal('rate-not-set'));
    expect(() => admit(given(rate(1000)), { accounts: [] })).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });

  it('refuses more than the rate has left and says when more will be available', () => {
    const state = given(
      rate(1000),
      ...admittedAndOnboarded('c1', 600, NOW - 2 * DAY_MS),
      ...admittedAndOnboarded('c2', 300, NOW - DAY_MS),
    );
    const details = { available: 100, moreAt: toIso(NOW + 5 * DAY_MS) };
    expect(() => admit(state, { size: 101 })).toThrow(refusal('rate-exceeded', details));
    expect(admit(state, { size: 100 })).toHaveLength(1);
  });

  it('counts a cohort for exactly seven days after its last person is onboarded', () => {
    const state = given(rate(1000), admitted('c1', 1000), closed('c1', 1000, NOW + DAY_MS, NOW + 2 * DAY_MS));
    const frees = NOW + 2 * DAY_MS + WEEK_MS;
    expect(availableCapacity(state, frees - 1)).toEqual({ available: 0, moreAt: frees });
    expect(availableCapacity(state, frees)).toEqual({ available: 1000 });
  });

  it('counts a cohort while it is being onboarded, however long that takes, and says so', () => {
    const state = given(rate(1000), admitted('c1', 900));
    expect(availableCapacity(state, NOW + 5 * WEEK_MS)).toEqual({ available: 100 });
    expect(() => admit(state, { size: 200, now: NOW + 5 * WEEK_MS })).toThrow('900 are being onboarded, first c1');
  });

  it('counts only the onboarded people once the cohort is closed', () => {
    expect(availableCapacity(given(rate(1000), admitted('c1', 900), closed('c1', 3)), NOW).available).toBe(997);
    expect(availableCapacity(given(rate(1000), admitted('c1', 900), closed('c1', 0)), NOW)).toEqual({
      available: 1000,
    });
  });

  it('still counts an old cohort after a newer one', () => {
    const state = given(
      rate(1000),
      ...admittedAndOnboarded('c1', 500),
      ...admittedAndOnboarded('c2', 400, NOW + 6 * DAY_MS),
    );
    expect(availableCapacity(state, NOW + WEEK_MS - 1).available).toBe(100);
    expect(availableCapacity(state, NOW + WEEK_MS).available).toBe(600);
  });

  it('counts people onboarded less than seven days ahead after the clock went back', () => {
    const state = given(rate(1000), ...admittedAndOnboarded('c1', 400));
    expect(admit(state, { now: NOW - HOUR_MS })[0]!.data).toMatchObject({ size: 600, at: toIso(NOW - HOUR_MS) });
    expect(admit(state, { now: NOW - WEEK_MS + 1 })[0]!.data).toMatchObject({ size: 600 });
  });

  it('ignores people onboarded by a clock that was far ahead, and still counts the others', () => {
    const aheadBy = 365 * DAY_MS;
    const state = given(
      rate(1000),
      ...admittedAndOnboarded('c1', 400),
      ...admittedAndOnboarded('c2', 1000, NOW + aheadBy),
    );
    expect(availableCapacity(state, NOW + HOUR_MS)).toEqual({ available: 600, moreAt: NOW + WEEK_MS });
  });

  it('frees nothing by time alone if the rate was lowered to 0', () => {
    expect(availableCapacity(given(rate(1000), ...admittedAndOnboarded('c1', 400), rate(0)), NOW)).toEqual({
      available: 0,
    });
  });
});

describe('closing a cohort', () => {
  it('is recorded once, for an admitted cohort', () => {
    const state = given(rate(1000), admitted('c1', 3));
    expect(closeCohort(state, 'c1', onboardedAt([NOW + 5, NOW + 1]))).toEqual([closed('c1', 2, NOW + 1, NOW + 5)]);
    expect(closeCohort(state, 'c1', onboardedAt([]))).toEqual([closed('c1', 0)]);
    expect(closeCohort(given(rate(1000), ...admittedAndOnboarded('c1', 3)), 'c1', onboardedAt([NOW]))).toEqual([]);
    expect(closeCohort(state, 'c2', onboardedAt([NOW]))).toEqual([]);
  });
});

describe('the cap', () => {
  const step = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('rate' as const), perWeek: fc.integer({ min: 0, max: 50 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('admit' as const),
        size: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined, freq: 10 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('onboard' as const),
        people: fc.integer({ min: 0, max: 30 }),
        closes: fc.boolean(),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('clock' as const),
        by: fc.oneof(fc.integer({ min: 0, max: 6 * DAY_MS }), fc.constantFrom(-HOUR_MS, HOUR_MS)),
      }),
    },
  );

  it('holds in every seven days, whatever the rate and the clock do and however late people are onboarded', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }), (steps) => {
        let now = NOW;
        let state = given(rate(40));
        const admissions: { size: number; perWeek: number }[] = [];
        const people: OnboardedPerson[] = [];
        const times: number[] = [];
        for (const one of steps) {
          let events: RolloutEvent[] = [];
          const [next] = cohortsBeingOnboarded(state);
          if (one.kind === 'clock') now += one.by;
          else if (one.kind === 'rate') events = setRate(state, one.perWeek);
          else if (one.kind === 'admit') events = admitUnlessRefused(state, `${admissions.length}`, now, one.size);
          else if (next) {
            const admission = Number(next.cohortId);
            const { size, perWeek } = admissions[admission]!;
            const at = Math.max(now, next.admittedAt);
            for (let n = 0; n < one.people && times.length < size; n++) {
              people.push({ at, admission, perWeek });
              times.push(at);
            }
            if (one.closes) events = closeCohort(state, next.cohortId, onboardedAt(times.splice(0)));
          }
          state = fold(rolloutStream, events, state);
          for (const { type, data } of events) if (type === 'CohortAdmitted') admissions.push(data);
        }
        expectCapKept(people);
      }),
      { numRuns: 500 },
    );
  });

  it('counts everybody of a week again when a clock that was ahead goes back', () => {
    const people = Array.from({ length: 1500 }, (_, n) => admittedAndOnboarded(`c${n}`, 1, NOW + n)).flat();
    const state = given(rate(2000), ...people, ...admittedAndOnboarded('ahead', 1, NOW + 8 * DAY_MS));
    expect(availableCapacity(state, NOW + HOUR_MS).available).toBe(500);
    expect(availableCapacity(state, NOW + WEEK_MS + HOUR_MS).available).toBe(1999);
  });

  it('holds for more cohorts than are remembered, wherever the clock jumps', () => {
    const jump = fc.oneof(
      fc.integer({ min: -20 * DAY_MS, max: 20 * DAY_MS }),
      fc.constantFrom(-8 * DAY_MS, 8 * DAY_MS),
    );
    const visits = fc.array(fc.record({ jump, cohorts: fc.integer({ min: 300, max: 800 }) }), {
      minLength: 3,
      maxLength: 4,
    });
    const perWeek = 1100;
    fc.assert(
      fc.property(visits, (list) => {
        let now = NOW;
        let state = given(rate(perWeek));
        const times: number[] = [];
        for (const { jump, cohorts } of list) {
          now += jump;
          for (let n = 0; n < cohorts; n++) {
            now += 1;
            const events = admitUnlessRefused(state, `${times.length}`, now, 1);
            if (events.length === 0) break;
            times.push(now);
            state = fold(rolloutStream, [...events, closed(`${times.length - 1}`, 1, now)], state);
          }
        }
        times.sort((a, b) => a - b);
        for (const [n, time] of times.entries()) {
          expect((times[n + perWeek] ?? Number.POSITIVE_INFINITY) - time).toBeGreaterThanOrEqual(WEEK_MS);
        }
      }),
      { numRuns: 4 },
    );
  });

  it('has more available at the moment that it names, and no earlier', () => {
    const sizes = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 20 }), gap: fc.integer({ min: 0, max: 2 * DAY_MS }) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 100 }), (list, perWeek) => {
        let at = NOW;
        const admissions = list.map(({ size, gap }, i) => {
          at += gap;
          return admittedAndOnboarded(`c${i}`, size, at);
        });
        const state = given(...admissions.flat(), rate(perWeek));
        const { available, moreAt } = availableCapacity(state, at);
        if (moreAt === undefined) return expect(availableCapacity(state, at + WEEK_MS).available).toBe(available);
        expect(availableCapacity(state, moreAt - 1).available).toBe(available);
        expect(availableCapacity(state, moreAt).available).toBeGreaterThan(available);
      }),
    );
  });

  function admitUnlessRefused(state: Rollout, cohortId: string, now: number, size?: number): RolloutEvent[] {
    try {
      return admitCohort(state, { cohortId, now, size });
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
    }
  }
});
