import { toIso } from '../kernel/clock.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import type { RolloutEvent } from './events.js';
import type { Span } from './past-people.js';
import { cohortsBeingOnboarded, type Rollout } from './rollout.js';

/** How many people were onboarded with a cohort, and when the first and the last of them, in epoch milliseconds. */
export interface Onboarded {
  people: number;
  span?: Span;
}

/** @param times of people who were onboarded, in epoch milliseconds @param before those who were onboarded before them */
export const onboardedAt = (times: readonly number[], before: Onboarded = { people: 0 }): Onboarded =>
  times.reduce(
    ({ people, span }, at) => ({
      people: people + 1,
      span: { first: Math.min(span?.first ?? at, at), last: Math.max(span?.last ?? at, at) },
    }),
    before,
  );

/** Closes a cohort whose onboarding is complete. */
export function closeCohort(state: Rollout, cohortId: string, { people, span }: Onboarded): RolloutEvent[] {
  if (!cohortsBeingOnboarded(state).some((one) => one.cohortId === cohortId)) return [];
  const times = span && { first: toIso(span.first), last: toIso(span.last) };
  return [{ type: 'CohortClosed', data: { cohortId, people, ...times } }];
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
      `cohort ${cohortId} is not being onboarded, nor among the latest: gatehouse rate show, or GET /v1/rollout, shows those that are`,
    );
  if (cohort.onboarded || cohort.isClosing) return [];
  if (cohort.batchId !== undefined)
    throw new Refusal(
      'cohort-of-invitations',
      `the people of cohort ${cohortId} have accepted invitations of batch ${cohort.batchId}, and come in once the rate has room for them; it keeps nobody else waiting`,
    );
  return [{ type: 'CohortClosingOrdered', data: { cohortId, reason } }];
}
