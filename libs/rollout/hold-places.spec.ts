import { describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso, WEEK_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import type { RolloutEvent } from './events.js';
import { admitInvited, freePlaces, holdPlaces } from './hold-places.js';
import { availableCapacity, closeCohort, pauseOnboarding, rolloutStream } from './rollout.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const UNTIL = NOW + 7 * DAY_MS;
const ALL = ['a', 'b', 'c'];

const rate = (perWeek: number): RolloutEvent => ({ type: 'OnboardingRateSet', data: { perWeek, daily: false } });
const held = (batchId = 'b1', accounts = ALL, perWeek = 5): RolloutEvent => ({
  type: 'PlacesHeld',
  data: { batchId, accounts, until: toIso(UNTIL), perWeek, at: toIso(NOW) },
});
const admitted = (accounts: string[], n = 0, perWeek = 5): RolloutEvent => ({
  type: 'CohortAdmitted',
  data: {
    ...{ cohortId: `invited-b1-${n}`, size: accounts.length, selection: 'listed', accounts, batchId: 'b1', perWeek },
    at: toIso(NOW),
  },
});
const freed = (places: number): RolloutEvent => ({ type: 'PlacesFreed', data: { batchId: 'b1', places } });
const paused: RolloutEvent = { type: 'OnboardingPaused', data: { reason: 'spec' } };

const given = (...events: RolloutEvent[]) => fold(rolloutStream, events);
const hold = (history: RolloutEvent[], accounts = ALL, until = UNTIL) =>
  holdPlaces(given(...history), { batchId: 'b1', accounts, until, now: NOW });
const admit = (history: RolloutEvent[], accepted: string[], now = NOW) =>
  admitInvited(given(...history), 'b1', accepted, now);
const refusal = (code: string) => expect.objectContaining({ code });
const left = (...history: RolloutEvent[]) => availableCapacity(given(...history), NOW).available;

describe('holding places for invitations', () => {
  it('holds one for each account within the rate', () => {
    expect(hold([rate(5)])).toEqual([held()]);
    expect(hold([rate(5)], ['a', 'b', 'c', 'a'])).toEqual([held()]);
    expect(hold([rate(3)])).toEqual([held('b1', ALL, 3)]);
  });

  it('refuses more than the rate has left, also beside the places of another batch', () => {
    expect(() => hold([rate(2)])).toThrow(refusal('rate-exceeded'));
    expect(() => hold([rate(5), held('b0')])).toThrow(refusal('rate-exceeded'));
    expect(() => hold([])).toThrow(refusal('rate-not-set'));
    expect(() => hold([rate(5), paused])).toThrow(refusal('onboarding-paused'));
    expect(() => hold([rate(5)], ALL, NOW)).toThrow(refusal('invalid-input'));
  });

  it('refuses the id of another batch, and is a no-op for the same', () => {
    expect(hold([rate(5), held()], ['c', 'b', 'a'])).toEqual([]);
    expect(() => hold([rate(5), held()], ['a'])).toThrow(refusal('batch-known'));
    expect(() => hold([rate(5), held(), freed(3)])).toThrow(refusal('batch-known'));
  });
});

describe('the places of a batch', () => {
  it('count once: with the batch, then with the cohort that takes them, until they are freed', () => {
    expect(left(rate(5), held())).toBe(2);
    expect(left(rate(5), held(), admitted(['a', 'b']))).toBe(2);
    expect(left(rate(5), held(), admitted(['a', 'b']), freed(1))).toBe(3);
    const state = given(rate(5), held(), admitted(['a', 'b']));
    expect(left(rate(5), held(), admitted(['a', 'b']), ...closeCohort(state, 'invited-b1-0', [NOW]))).toBe(3);
  });

  it('count whatever the clock says, until they are freed', () => {
    const state = given(rate(5), held());
    for (const now of [NOW - WEEK_MS, UNTIL, UNTIL + 10 * WEEK_MS])
      expect(availableCapacity(state, now).available).toBe(2);
  });
});

describe('admitting people who accepted', () => {
  it('admits those of the batch who are not admitted, in its places', () => {
    expect(admit([rate(3), held()], ['c', 'a', 'x'])).toEqual([admitted(['a', 'c'], 0, 3)]);
    expect(admit([rate(3), held(), admitted(['a', 'c'])], ['a', 'b', 'c'])).toEqual([admitted(['b'], 2, 3)]);
  });

  it('admits no more than a rate allows that was lowered since; the others wait', () => {
    expect(admit([rate(5), held(), rate(1)], ALL)).toEqual([admitted(['a'], 0, 1)]);
    expect(admit([rate(5), held(), admitted(['a']), rate(1)], ALL)).toEqual([]);
    expect(admit([rate(5), held(), rate(0)], ALL)).toEqual([]);
  });

  it('refuses while onboarding is paused', () => {
    expect(() => admit([rate(5), held(), ...pauseOnboarding(given(), 'spec')], ALL)).toThrow(
      refusal('onboarding-paused'),
    );
  });

  it('is a no-op for a batch that was freed, and for people who were admitted', () => {
    expect(admit([rate(5), held(), freed(3)], ALL)).toEqual([]);
    expect(admit([rate(5), held(), admitted(['a'])], ['a'])).toEqual([]);
    expect(admit([rate(5), held()], [])).toEqual([]);
  });
});

describe('freeing the places of a batch', () => {
  it('frees those that nobody took', () => {
    expect(freePlaces(given(held()), 'b1', [])).toEqual([freed(3)]);
    expect(freePlaces(given(held(), admitted(['a'])), 'b1', ['a'])).toEqual([freed(2)]);
  });

  it('is a no-op while somebody who accepted waits for admission, and for a batch that was freed', () => {
    expect(freePlaces(given(held()), 'b1', ['a'])).toEqual([]);
    expect(freePlaces(given(held(), freed(3)), 'b1', [])).toEqual([]);
    expect(freePlaces(given(), 'b1', [])).toEqual([]);
  });
});
