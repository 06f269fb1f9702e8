import { describe, expect, it } from '@jest/globals';
import { DAY_MS, toIso, WEEK_MS } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { closeCohort, onboardedAt } from './closing-cohort.js';
import type { RolloutEvent } from './events.js';
import { admitInvited, freePlaces, freeUnfilled, holdForWaiting, holdPlaces, roomForInvited } from './hold-places.js';
import { availableCapacity, pauseOnboarding, rolloutStream } from './rollout.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const UNTIL = NOW + 7 * DAY_MS;
const ALL = ['a', 'b', 'c'];

const rate = (perWeek: number): RolloutEvent => ({ type: 'OnboardingRateSet', data: { perWeek, daily: false } });
const held = (batchId = 'b1', accounts = ALL, perWeek = 5): RolloutEvent => ({
  type: 'PlacesHeld',
  data: { batchId, size: accounts.length, selection: 'listed', accounts, until: toIso(UNTIL), perWeek, at: toIso(NOW) },
});
const heldForLine = (size: number, perWeek = 5): RolloutEvent => ({
  type: 'PlacesHeld',
  data: { batchId: 'b1', size, selection: 'first-come', until: toIso(UNTIL), perWeek, at: toIso(NOW) },
});
const admitted = (accounts: string[], n = 0, perWeek = 5): RolloutEvent => ({
  type: 'CohortAdmitted',
  data: {
    ...{ cohortId: `invited-b1-${n}`, size: accounts.length, selection: 'listed', accounts, batchId: 'b1', perWeek },
    at: toIso(NOW),
  },
});
const freed = (places: number, isOver = true): RolloutEvent => ({
  type: 'PlacesFreed',
  data: { batchId: 'b1', places, isOver },
});
const paused: RolloutEvent = { type: 'OnboardingPaused', data: { reason: 'spec' } };

const given = (...events: RolloutEvent[]) => fold(rolloutStream, events);
const hold = (history: RolloutEvent[], accounts = ALL, until = UNTIL) =>
  holdPlaces(given(...history), { batchId: 'b1', accounts, until, now: NOW });
const holdForLine = (history: RolloutEvent[], size?: number) =>
  holdPlaces(given(...history), { batchId: 'b1', ...(size !== undefined && { size }), until: UNTIL, now: NOW });
const admit = (history: RolloutEvent[], accounts: string[], after = 0) =>
  admitInvited(given(...history), { batchId: 'b1', accounts, after, now: NOW });
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

  it('holds as many as asked for, or all that are left, for the front of the line', () => {
    expect(holdForLine([rate(5)], 3)).toEqual([heldForLine(3)]);
    expect(holdForLine([rate(5)])).toEqual([heldForLine(5)]);
    expect(() => holdForLine([rate(5)], 6)).toThrow(refusal('rate-exceeded'));
  });

  it('holds none for whom nobody waits', () => {
    const forWaiting = (waiting: number, ...history: RolloutEvent[]) =>
      holdForWaiting(given(...history), { batchId: 'b1', until: UNTIL, now: NOW }, waiting);
    expect(forWaiting(10, rate(5))).toEqual([heldForLine(5)]);
    expect(forWaiting(2, rate(5))).toEqual([heldForLine(2)]);
    expect(() => forWaiting(0, rate(5))).toThrow(refusal('nobody-waiting'));
    expect(forWaiting(0, rate(5), heldForLine(3))).toEqual([]);
  });

  it('is a no-op for a batch that held places before', () => {
    expect(hold([rate(5), held()], ['c', 'b', 'a'])).toEqual([]);
    expect(hold([rate(5), held()], ['x'])).toEqual([]);
    expect(hold([rate(5), held(), freed(3)])).toEqual([]);
  });
});

describe('the places of a batch', () => {
  it('count once: with the batch, then with the cohort that takes them, until they are freed', () => {
    expect(left(rate(5), held())).toBe(2);
    expect(left(rate(5), held(), admitted(['a', 'b']))).toBe(2);
    expect(left(rate(5), held(), admitted(['a', 'b']), freed(1))).toBe(3);
    const state = given(rate(5), held(), admitted(['a', 'b']));
    expect(left(rate(5), held(), admitted(['a', 'b']), ...closeCohort(state, 'invited-b1-0', onboardedAt([NOW])))).toBe(
      3,
    );
  });

  it('count whatever the clock says, until they are freed', () => {
    const state = given(rate(5), held());
    for (const now of [NOW - WEEK_MS, UNTIL, UNTIL + 10 * WEEK_MS])
      expect(availableCapacity(state, now).available).toBe(2);
  });
});

describe('the state of the rollout', () => {
  it('has no accounts of a batch, however many it invites', () => {
    const many = Array.from({ length: 1_000 }, (_, n) => `account-${n}`);
    const sizeOf = (...history: RolloutEvent[]) => JSON.stringify(given(...history).held.batches).length;
    const few = sizeOf(rate(2_000), held('b1', ['a'], 2_000), admitted(['a'], 0, 2_000));
    expect(sizeOf(rate(2_000), held('b1', many, 2_000), admitted(many, 0, 2_000)) - few).toBeLessThan(10);
  });
});

describe('admitting people who accepted', () => {
  it('admits them in the places of their batch', () => {
    expect(admit([rate(3), held()], ['a', 'c'])).toEqual([admitted(['a', 'c'], 0, 3)]);
    expect(admit([rate(3), held(), admitted(['a', 'c'])], ['b'], 2)).toEqual([admitted(['b'], 2, 3)]);
    expect(admit([rate(5), heldForLine(1)], ['a', 'b'])).toEqual([admitted(['a'])]);
  });

  it('admits no more than a rate allows that was lowered since; the others wait', () => {
    expect(admit([rate(5), held(), rate(1)], ALL)).toEqual([admitted(['a'], 0, 1)]);
    expect(admit([rate(5), held(), admitted(['a']), rate(1)], ['b', 'c'], 1)).toEqual([]);
    expect(admit([rate(5), held(), rate(0)], ALL)).toEqual([]);
  });

  it('admits nobody while onboarding is paused', () => {
    const paused = [rate(5), held(), ...pauseOnboarding(given(), 'spec')];
    expect(admit(paused, ALL)).toEqual([]);
    expect(roomForInvited(given(...paused), NOW)).toBe(0);
    expect(roomForInvited(given(rate(5), held(), admitted(['a'])), NOW)).toBe(4);
  });

  it('is a no-op for a batch that is over, and if others of it were admitted meanwhile', () => {
    expect(admit([rate(5), held(), freed(3)], ALL)).toEqual([]);
    expect(admit([rate(5), held(), admitted(['a'])], ['a'])).toEqual([]);
    expect(admit([rate(5), held()], [])).toEqual([]);
  });
});

describe('freeing the places of a batch', () => {
  it('frees at once those for whom nobody waited', () => {
    const free = (people: number, ...history: RolloutEvent[]) => freeUnfilled(given(...history), 'b1', people);
    expect(free(1, rate(5), heldForLine(3))).toEqual([freed(2, false)]);
    expect(left(rate(5), heldForLine(3), freed(2, false))).toBe(4);
    expect(free(0, rate(5), heldForLine(3))).toEqual([freed(3)]);
    expect(free(1, rate(5), heldForLine(3), freed(2, false))).toEqual([]);
    expect(free(3, rate(5), heldForLine(3))).toEqual([]);
    expect(free(0, rate(5))).toEqual([]);
  });

  it('frees those that nobody took', () => {
    expect(freePlaces(given(held()), 'b1')).toEqual([freed(3)]);
    expect(freePlaces(given(held(), admitted(['a'])), 'b1')).toEqual([freed(2)]);
    expect(freePlaces(given(heldForLine(3), freed(1, false), admitted(['a'])), 'b1')).toEqual([freed(1)]);
  });

  it('is a no-op for a batch that is over', () => {
    expect(freePlaces(given(held(), freed(3)), 'b1')).toEqual([]);
    expect(freePlaces(given(), 'b1')).toEqual([]);
  });
});
