import { describe, expect, it } from '@jest/globals';
import { fold } from '../../kernel/decider.js';
import type { Actor } from '../../kernel/envelope.js';
import type { RolloutEvent } from '../events.js';
import { CHANGES_KEPT, rolloutHistory } from './rollout-history.js';

const olga: Actor = { kind: 'user', id: 'olga', role: 'operator' };
const at = (position: number, event: RolloutEvent, actor: Actor = olga) => ({
  ...event,
  position,
  metadata: { time: '2022-05-18T09:00:00.000Z', actor },
});
const rate = (perWeek: number): RolloutEvent => ({ type: 'OnboardingRateSet', data: { perWeek, daily: false } });
const admitted = (n: number): RolloutEvent => ({
  type: 'CohortAdmitted',
  data: {
    cohortId: `cohort-${n}`,
    size: 1,
    selection: 'first-come',
    perWeek: 1_000_000,
    at: '2022-05-18T09:00:00.000Z',
  },
});
const paused: RolloutEvent = { type: 'OnboardingPaused', data: { reason: 'busy' } };
const resumed: RolloutEvent = { type: 'OnboardingResumed', data: {} };

describe('who changed the rollout', () => {
  it('is kept however many cohorts follow', () => {
    const cohorts = Array.from({ length: 1_500 }, (_, n) => at(n + 2, admitted(n)));
    const { changes, rollout } = fold(rolloutHistory, [at(1, rate(1_000_000)), ...cohorts]);
    expect(changes).toMatchObject([{ type: 'OnboardingRateSet', perWeek: 1_000_000, position: 1, actor: olga }]);
    expect(rollout).toMatchObject({ perWeek: 1_000_000, changedAt: 1 });
  });

  it('is limited to the latest changes and the one that set the present rate', () => {
    const pauses = Array.from({ length: 2 * CHANGES_KEPT }, (_, n) => at(n + 3, n % 2 ? resumed : paused));
    const { changes } = fold(rolloutHistory, [at(1, rate(10)), at(2, rate(20)), ...pauses]);
    expect(changes).toHaveLength(CHANGES_KEPT);
    expect(changes[0]).toMatchObject({ perWeek: 20, position: 2 });
    expect(changes[1]).toMatchObject({ position: CHANGES_KEPT + 4 });
    expect(changes.at(-1)).toMatchObject({ type: 'OnboardingResumed', position: 2 * CHANGES_KEPT + 2 });
  });
});
