import { describe, expect, it } from '@jest/globals';
import { toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { closeCohort, isClosing, onboardedAt, orderClosing } from './closing-cohort.js';
import type { RolloutEvent } from './events.js';
import { peopleInWindow, type Rollout, rolloutStream } from './rollout.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const admitted = (cohortId: string, more: { batchId?: string } = {}): RolloutEvent => ({
  type: 'CohortAdmitted',
  data: { cohortId, size: 3, selection: 'first-come', perWeek: 1000, at: toIso(NOW), ...more },
});
const ordered: RolloutEvent = { type: 'CohortClosingOrdered', data: { cohortId: 'c1', reason: 'it waits' } };
const given = (...events: RolloutEvent[]): Rollout => fold(rolloutStream, events);
const code = (value: string) => expect.objectContaining({ code: value });

describe('ordering that a cohort is closed with those who are in', () => {
  it('is recorded while it is being onboarded, and until it is closed it counts with its whole size', () => {
    expect(orderClosing(given(admitted('c1')), 'c1', 'it waits')).toEqual([ordered]);
    const state = given(admitted('c0'), admitted('c1'), ordered);
    expect([isClosing(state, 'c0'), isClosing(state, 'c1')]).toEqual([false, true]);
    expect(peopleInWindow(state, NOW)).toBe(6);
    const closed = fold(rolloutStream, closeCohort(state, 'c1', onboardedAt([NOW])), state);
    expect(peopleInWindow(closed, NOW)).toBe(4);
  });

  it('is refused for a cohort that nobody admitted, and for one of invitations', () => {
    expect(() => orderClosing(given(admitted('c1')), 'c2', 'it waits')).toThrow(code('cohort-unknown'));
    const invited = given(admitted('invited-b-0', { batchId: 'b' }));
    expect(() => orderClosing(invited, 'invited-b-0', 'it waits')).toThrow(code('cohort-of-invitations'));
  });

  it('is a no-op if it was ordered, or the onboarding is complete', () => {
    expect(orderClosing(given(admitted('c1'), ordered), 'c1', 'again')).toEqual([]);
    const state = given(admitted('c1'));
    expect(
      orderClosing(fold(rolloutStream, closeCohort(state, 'c1', onboardedAt([NOW])), state), 'c1', 'late'),
    ).toEqual([]);
  });
});
