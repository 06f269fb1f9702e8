import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, toIso, WEEK_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import type { RolloutEvent } from './events.js';
import { needsOf, rateEffect, reviewEffect } from './rate-effect.js';
import { type Rollout, rolloutStream } from './rollout.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const HOUR_MS = DAY_MS / 24;
const terms = { rateConfirmPercent: 200, ratePerWeekAlone: 5000 };

interface Came {
  hoursAgo: number;
  people: number;
}

/** A rollout in which people came in before, and maybe some are being onboarded. */
function rolloutWith(perWeek: number, came: readonly Came[], coming = 0): Rollout {
  const rate: RolloutEvent = { type: 'OnboardingRateSet', data: { perWeek, daily: false } };
  const admitted = (cohortId: string, size: number, at: string): RolloutEvent => ({
    type: 'CohortAdmitted',
    data: { cohortId, size, selection: 'first-come', perWeek, at },
  });
  const events = came.flatMap(({ hoursAgo, people }, n): RolloutEvent[] => {
    const at = toIso(NOW - hoursAgo * HOUR_MS);
    return [
      admitted(`c${n}`, people, at),
      { type: 'CohortClosed', data: { cohortId: `c${n}`, people, first: at, last: at } },
    ];
  });
  const open = coming > 0 ? [admitted('open', coming, toIso(NOW))] : [];
  const stored = [rate, ...events, ...open].map((event, n) => ({
    ...event,
    position: n + 1,
    metadata: { time: toIso(NOW), actor: { kind: 'user' as const, id: 'olga' } },
  }));
  return fold(rolloutStream, stored);
}

/** From the definition: at each moment at which places are free, as many come in as may. */
function lastComesAt(came: readonly Came[], perWeek: number, waiting: number): number | undefined {
  const ends = came.flatMap(({ hoursAgo, people }) =>
    Array.from({ length: people }, () => NOW - hoursAgo * HOUR_MS + WEEK_MS),
  );
  let [left, now] = [waiting, NOW];
  for (;;) {
    const counted = ends.filter((end) => end > now);
    const enter = Math.min(left, Math.max(0, perWeek - counted.length));
    left -= enter;
    if (left === 0) return now;
    for (let n = 0; n < enter; n++) ends.push(now + WEEK_MS);
    const next = ends.filter((end) => end > now);
    if (perWeek === 0) return undefined;
    now = Math.min(...next);
  }
}

describe('the effect of a rate', () => {
  it('is people a day, how many at once, and when the last of the line could come in', () => {
    const state = rolloutWith(1000, [{ hoursAgo: 24, people: 600 }]);
    expect(rateEffect(state, 700, 50, NOW)).toEqual({ perWeek: 700, perDay: 100, atOnce: 100, lineEndsAt: NOW });
    expect(rateEffect(state, 700, 150, NOW)).toMatchObject({ lineEndsAt: NOW + WEEK_MS - DAY_MS });
    expect(rateEffect(state, 700, 1_000_000, NOW).lineEndsAt).toBeGreaterThan(NOW + 1_428 * WEEK_MS - WEEK_MS);
  });

  it('has no end of the line at a rate of 0, unless nobody waits', () => {
    const state = rolloutWith(1000, []);
    expect(rateEffect(state, 0, 1, NOW)).toEqual({ perWeek: 0, perDay: 0, atOnce: 0 });
    expect(rateEffect(state, 0, 0, NOW)).toMatchObject({ lineEndsAt: NOW });
  });

  it('counts who is being onboarded until a week from now', () => {
    expect(rateEffect(rolloutWith(10, [], 10), 10, 1, NOW)).toMatchObject({ atOnce: 0, lineEndsAt: NOW + WEEK_MS });
  });

  it('lets in no more than the ceiling leaves, and has no end of a line that is longer', () => {
    const began: RolloutEvent = {
      type: 'RolloutPhaseSet',
      data: { phase: 'weekly', ceiling: 650, before: 'weekly', reason: 'spec' },
    };
    const state = fold(rolloutStream, [began], rolloutWith(1000, [{ hoursAgo: 24, people: 600 }]));
    expect(rateEffect(state, 1000, 50, NOW)).toMatchObject({ atOnce: 50, lineEndsAt: NOW });
    expect(rateEffect(state, 600, 50, NOW)).toMatchObject({ atOnce: 0, lineEndsAt: NOW + WEEK_MS - DAY_MS });
    expect(rateEffect(state, 1000, 51, NOW)).toEqual({ perWeek: 1000, perDay: 1000 / 7, atOnce: 50 });
  });

  it('agrees with its definition for any window, rate and line', () => {
    const came = fc.array(
      fc.record({ hoursAgo: fc.integer({ min: 0, max: 200 }), people: fc.integer({ min: 1, max: 5 }) }),
      {
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(came, fc.nat(12), fc.nat(40), (given, perWeek, waiting) => {
        const { lineEndsAt } = rateEffect(rolloutWith(30, given), perWeek, waiting, NOW);
        expect(lineEndsAt).toBe(lastComesAt(given, perWeek, waiting));
      }),
    );
  });

  it('needs what setting it would need', () => {
    const state = rolloutWith(1000, []);
    expect([500, 1000, 2000].map((rate) => needsOf(state, rate, terms))).toEqual(['nothing', 'nothing', 'nothing']);
    expect(needsOf(state, 2001, terms)).toBe('confirmation');
    expect(needsOf(state, 5001, terms)).toBe('approval');
  });

  it('is the share of what reviewers can decide, if that is known', () => {
    const load = { supplyPerDay: 50, verdictsPerDay: 20, casesPerDay: 20, waiting: 0, people: 1000, peopleAfter: 2000 };
    const known = { ...load, activePeople: 1000, casesPerDayAfter: 40, deactivationSeconds: null };
    expect(reviewEffect(known)).toEqual({
      ...{ casesPerDay: 40, supplyPerDay: 50, load: 0.8 },
    });
    expect(reviewEffect({ ...known, supplyPerDay: null }).load).toBeNull();
    expect(reviewEffect({ ...known, supplyPerDay: 0 }).load).toBeNull();
    expect(reviewEffect({ ...known, casesPerDayAfter: null })).toMatchObject({ casesPerDay: null, load: null });
  });
});
