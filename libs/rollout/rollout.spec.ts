import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, toIso, WEEK_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import type { RolloutEvent } from './events.js';
import {
  type AdmitCohort,
  admitCohort,
  availableCapacity,
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

const given = (...events: RolloutEvent[]): Rollout => fold(rolloutStream, events);
const admit = (state: Rollout, command: Partial<AdmitCohort> = {}) =>
  admitCohort(state, { cohortId: 'c9', now: NOW, ...command });
const refusal = (code: string, details = {}) =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

describe('the onboarding rate', () => {
  it('is set, and stays quiet when it is the same', () => {
    expect(setRate(given(), 1000)).toEqual([rate(1000)]);
    expect(setRate(given(rate(1000)), 1000)).toEqual([]);
    expect(setRate(given(rate(1000)), 1000, true)).toEqual([
      { type: 'OnboardingRateSet', data: { perWeek: 1000, daily: true } },
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
  it('takes all that is available when no size is given', () => {
    expect(admit(given(rate(1000), admitted('c1', 300)))).toEqual([admitted('c9', 700)]);
  });

  it('takes the size asked for, or the listed accounts without repeats', () => {
    expect(admit(given(rate(1000)), { size: 20 })).toEqual([admitted('c9', 20)]);
    expect(admit(given(rate(1000)), { accounts: ['a', 'b', 'a'] })[0]!.data).toMatchObject({
      size: 2,
      selection: 'listed',
      accounts: ['a', 'b'],
    });
  });

  it('stays quiet for a cohort that was admitted, even when paused', () => {
    expect(admit(given(rate(1000), admitted('c9', 300), paused), { size: 700 })).toEqual([]);
  });

  it('refuses while paused, without a rate, and a cohort of nobody', () => {
    expect(() => admit(given(rate(1000), paused))).toThrow(refusal('onboarding-paused'));
    expect(() => admit(given())).toThrow(refusal('rate-not-set'));
    expect(() => admit(given(rate(1000)), { accounts: [] })).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });

  it('refuses more than the rate has left and says when more frees up', () => {
    const state = given(rate(1000), admitted('c1', 600, NOW - 2 * DAY_MS), admitted('c2', 300, NOW - DAY_MS));
    const details = { available: 100, moreAt: toIso(NOW + 5 * DAY_MS) };
    expect(() => admit(state, { size: 101 })).toThrow(refusal('rate-exceeded', details));
    expect(admit(state, { size: 100 })).toHaveLength(1);
  });

  it('counts an admission for exactly seven days', () => {
    const state = given(rate(1000), admitted('c1', 1000));
    expect(availableCapacity(state, NOW + WEEK_MS - 1)).toEqual({ available: 0, moreAt: NOW + WEEK_MS });
    expect(availableCapacity(state, NOW + WEEK_MS)).toEqual({ available: 1000 });
  });

  it('still counts an old admission after a newer one', () => {
    const state = given(rate(1000), admitted('c1', 500), admitted('c2', 400, NOW + 6 * DAY_MS));
    expect(availableCapacity(state, NOW + WEEK_MS - 1).available).toBe(100);
    expect(availableCapacity(state, NOW + WEEK_MS).available).toBe(600);
  });

  it('never goes back behind the last admission when the clock does', () => {
    const state = given(rate(1000), admitted('c1', 400));
    expect(admit(state, { now: NOW - HOUR_MS })[0]!.data).toMatchObject({ size: 600, at: toIso(NOW) });
  });

  it('frees nothing by time alone when the rate was lowered to 0', () => {
    expect(availableCapacity(given(rate(1000), admitted('c1', 400), rate(0)), NOW)).toEqual({ available: 0 });
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
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('clock' as const),
        by: fc.oneof(fc.integer({ min: 0, max: 3 * DAY_MS }), fc.constantFrom(-HOUR_MS, HOUR_MS)),
      }),
    },
  );

  it('holds in every rolling seven days, whatever the rate and the clock do', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
        let now = NOW;
        let state = given(rate(40));
        const admissions: { at: number; size: number; perWeek: number }[] = [];
        for (const [i, one] of steps.entries()) {
          if (one.kind === 'clock') now += one.by;
          const events =
            one.kind === 'rate'
              ? setRate(state, one.perWeek)
              : one.kind === 'admit'
                ? tried(state, `c${i}`, now, one.size)
                : [];
          state = fold(rolloutStream, events, state);
          for (const { type, data } of events) {
            if (type === 'CohortAdmitted')
              admissions.push({ at: Date.parse(data.at), size: data.size, perWeek: data.perWeek });
          }
          const oldest = state.admissions[0];
          if (oldest) expect(state.admissions.at(-1)!.at - oldest.at).toBeLessThan(WEEK_MS);
        }
        for (const [i, { at, perWeek }] of admissions.entries()) {
          const inWeek = admissions.slice(0, i + 1).filter((one) => one.at > at - WEEK_MS);
          expect(inWeek.reduce((sum, one) => sum + one.size, 0)).toBeLessThanOrEqual(perWeek);
          if (i > 0) expect(at).toBeGreaterThanOrEqual(admissions[i - 1]!.at);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has more available at the moment it names, and not a moment before', () => {
    const sizes = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 20 }), gap: fc.integer({ min: 0, max: 2 * DAY_MS }) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 100 }), (list, perWeek) => {
        let at = NOW;
        const admissions = list.map(({ size, gap }, i) => {
          at += gap;
          return admitted(`c${i}`, size, at);
        });
        const state = given(...admissions, rate(perWeek));
        const { available, moreAt } = availableCapacity(state, at);
        if (moreAt === undefined) return expect(availableCapacity(state, at + WEEK_MS).available).toBe(available);
        expect(availableCapacity(state, moreAt - 1).available).toBe(available);
        expect(availableCapacity(state, moreAt).available).toBeGreaterThan(available);
      }),
    );
  });

  function tried(state: Rollout, cohortId: string, now: number, size?: number): RolloutEvent[] {
    try {
      return admitCohort(state, { cohortId, now, size });
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
    }
  }
});
