import { toIso } from '../kernel/clock.js';
import { NotFound, Refusal } from '../kernel/errors.js';
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

/** Whether an operator has ordered that nobody else comes in with a cohort. */
export const isClosing = ({ cohorts }: Rollout, cohortId: string): boolean =>
  cohorts.some((one) => one.cohortId === cohortId && one.isClosing);

/**
 * Orders that a cohort is closed with those who are in. The process that onboards does so: until then it counts with its whole size, so that
 * nobody comes in uncounted. A no-op if it was ordered, or if its onboarding is complete.
 * @throws NotFound cohort-unknown; Refusal cohort-of-invitations
 */
export function orderClosing({ cohorts }: Rollout, cohortId: string, reason: string): RolloutEvent[] {
  const cohort = cohorts.find((one) => one.cohortId === cohortId);
  if (!cohort)
    throw new NotFound(
      'cohort-unknown',
      `cohort ${cohortId} is not being onboarded, nor among the latest: GET /v1/rollout shows those that are`,
    );
  if (cohort.onboarded || cohort.isClosing) return [];
  if (cohort.batchId !== undefined)
    throw new Refusal(
      'cohort-of-invitations',
      `the people of cohort ${cohortId} have accepted invitations of batch ${cohort.batchId}, and come in once the rate has room for them; it keeps nobody else waiting`,
    );
  return [{ type: 'CohortClosingOrdered', data: { cohortId, reason } }];
}
