import { toIso, WEEK_MS } from '../kernel/clock.js';
import { people } from '../kernel/counted.js';
import { Unavailable } from '../kernel/errors.js';
import { cohortsBeingOnboarded, type GrantedCohort, peopleInWindow, type Rollout } from './rollout.js';

/**
 * An admission counts whom the rate counts at its moment, but its people come in later. Meanwhile a clock that goes on may have come
 * near people who were onboarded while it was wrong, seven days ahead or more, and whom the admission did not count. Until it is past
 * them, the rate has no room for both.
 * @param now when people of the cohort would be onboarded, in epoch milliseconds
 * @throws Unavailable rate-used
 */
export function refuseBesideUncounted(state: Rollout, cohortId: string, now: number): void {
  const own = state.cohorts.find((one) => one.cohortId === cohortId);
  if (!own || hasRoom(state, own, now)) return;
  throw new Unavailable(
    'rate-used',
    `the ${people(own.people)} of cohort ${cohortId} can't come in at ${toIso(now)}: ${countedBefore(state, own, now)} of the ${own.perWeek} in seven days did, while a clock was wrong; they come in from ${toIso(roomFrom(state, own, now))} on, when those are seven days past`,
  );
}

/** A cohort whose people can't come in yet. */
export interface DelayedCohort extends Pick<GrantedCohort, 'cohortId' | 'people'> {
  /** When the rate has room for them, in epoch milliseconds. */
  until: number;
  /** Whether nobody else is chosen from the line until then, and no invitation is sent: they are next. */
  holdsLine: boolean;
  /** Whether an operator has ordered that it is closed with those who are in. */
  isClosing: boolean;
}

/** Those whose turn it is and that wait. @param now epoch milliseconds */
export function delayedCohorts(state: Rollout, now: number): DelayedCohort[] {
  const awaited = cohortsBeingOnboarded(state);
  const first = awaited.find(({ batchId }) => batchId === undefined);
  return awaited
    .filter((one) => one === first || one.batchId !== undefined)
    .map((one) => ({ one, until: roomFrom(state, one, now) }))
    .filter(({ until }) => until > now)
    .map(({ one, until }) => ({
      ...{ cohortId: one.cohortId, people: one.people, until },
      ...{ holdsLine: one === first, isClosing: one.isClosing === true },
    }));
}

/** @returns when the rate has room for a cohort, in epoch milliseconds: now, unless people came in while a clock was wrong */
export function roomFrom(state: Rollout, own: GrantedCohort, now: number): number {
  if (hasRoom(state, own, now)) return now;
  const ends = [...state.past, ...state.cohorts.flatMap(({ onboarded }) => onboarded ?? [])].map(
    ({ last }) => last + WEEK_MS,
  );
  return (
    ends
      .filter((end) => end > now)
      .sort((a, b) => a - b)
      .find((end) => hasRoom(state, own, end)) ?? now
  );
}

const hasRoom = (state: Rollout, own: GrantedCohort, now: number): boolean =>
  countedBefore(state, own, now) + own.people <= own.perWeek;

/** Later admissions have counted this one. */
const countedBefore = (state: Rollout, own: GrantedCohort, now: number): number =>
  peopleInWindow({ ...state, cohorts: state.cohorts.slice(0, state.cohorts.indexOf(own)) }, now);
