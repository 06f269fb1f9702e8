import type { RecordedEvent } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import type { RolloutEvent } from './events.js';
import { type AdmitCohort, admitCohort, availableCapacity, type Rollout } from './rollout.js';

export type Admission = Extract<RolloutEvent, { type: 'CohortAdmitted' }>['data'];

/** The admission of a cohort and where it stands, from the events of the rollout stream; undefined where there is none. */
export function findAdmission(
  history: readonly RecordedEvent[],
  cohortId: string,
): { admission: Admission; position: number } | undefined {
  const event = history.findLast(({ type, data }) => type === 'CohortAdmitted' && data.cohortId === cohortId);
  return event && { admission: event.data as Admission, position: event.position };
}

/**
 * A cohort of as many as may be and wait.
 * @param waiting people that wait and that no admitted cohort takes
 * @throws Refusal what `admitCohort` throws; nobody-waiting
 */
export function admitWaiting(state: Rollout, command: AdmitCohort, waiting: number): RolloutEvent[] {
  const size = Math.max(1, Math.min(availableCapacity(state, command.now).available, waiting));
  const events = admitCohort(state, { ...command, size });
  if (events.length > 0 && waiting === 0) {
    throw new Refusal(
      'nobody-waiting',
      'nobody is on the waitlist, but for those that admitted cohorts take; admit a cohort when more have joined',
    );
  }
  return events;
}

export const DAILY_PREFIX = 'daily-';
const DAYS_PER_WEEK = 7;

/** A seventh of the rate, so far as it may be and people wait; 0 where the schedule has nothing to admit. */
export function dailySize(state: Rollout, now: number, waiting: number): number {
  if (!state.daily || state.paused || state.perWeek === undefined) return 0;
  return Math.min(Math.ceil(state.perWeek / DAYS_PER_WEEK), availableCapacity(state, now).available, waiting);
}
