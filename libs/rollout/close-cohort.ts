import { toIso } from '../kernel/clock.js';
import type { RolloutEvent } from './events.js';
import { cohortsBeingOnboarded, type Rollout } from './rollout.js';

/** Closes a cohort whose onboarding is complete. @param times when its people were onboarded, in epoch milliseconds */
export function closeCohort(state: Rollout, cohortId: string, times: readonly number[]): RolloutEvent[] {
  if (!cohortsBeingOnboarded(state).some((one) => one.cohortId === cohortId)) return [];
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const time of times) {
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  const span = times.length > 0 ? { first: toIso(first), last: toIso(last) } : {};
  return [{ type: 'CohortClosed', data: { cohortId, people: times.length, ...span } }];
}
