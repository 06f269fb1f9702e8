import { toIso } from '../kernel/clock.js';
import { Unavailable } from '../kernel/errors.js';
import { peopleInWindow, type Rollout } from './rollout.js';

/**
 * An admission counts whom the rate counts at its moment, but its people come in later. Meanwhile a clock that goes on may have come
 * near people who were onboarded while it was wrong, seven days ahead or more, and whom the admission did not count. Until it is past
 * them, the rate has no room for both.
 * @param now when people of the cohort would be onboarded, in epoch milliseconds
 * @throws Unavailable rate-used
 */
export function refuseBesideUncounted(
  state: Rollout,
  { cohortId, perWeek }: { cohortId: string; perWeek: number },
  now: number,
): void {
  const place = state.cohorts.findIndex((one) => one.cohortId === cohortId);
  const own = state.cohorts[place];
  if (!own) return;
  // Later admissions have counted this one.
  const counted = peopleInWindow({ ...state, cohorts: state.cohorts.slice(0, place) }, now);
  if (counted + own.people <= perWeek) return;
  throw new Unavailable(
    'rate-used',
    `the ${own.people} people of cohort ${cohortId} can't come in at ${toIso(now)}: ${counted} of the ${perWeek} in seven days did, while a clock was wrong; they come in once those are seven days past`,
  );
}
