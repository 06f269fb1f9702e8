import { INVITED_PREFIX, isDatedSlice, isOpenSlice, OPEN_PREFIX, SLICE_PREFIX } from '../gate/sliced-cohorts.js';
import { DAY_MS, toIso, utcDayOf } from '../kernel/clock.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { restrictedAt } from './changes.js';
import type { RolloutEvent } from './events.js';
import { stopOf } from './gate-override.js';
import { allowsEntry } from './phase.js';
import { type AdmitCohort, admitCohort, availableCapacity, cohortsBeingOnboarded, type Rollout } from './rollout.js';

export type Admission = Extract<RolloutEvent, { type: 'CohortAdmitted' }>['data'];

/**
 * Admits a cohort of everybody waiting, within the rate.
 * @param waiting the number of waiting people
 * @throws Refusal nobody-waiting; whatever `admitCohort` throws
 */
export function admitWaiting(state: Rollout, command: AdmitCohort, waiting: number): RolloutEvent[] {
  const size = Math.max(1, Math.min(availableCapacity(state, command.now).available, waiting));
  const events = admitCohort(state, { ...command, size });
  if (events.length > 0 && waiting === 0) {
    throw new Refusal(
      'nobody-waiting',
      'nobody who may be chosen is on the waitlist: hold-outs, people of closed classes and those of classes that the phase leaves out never are; admit a cohort after somebody has joined',
    );
  }
  return events;
}

/** True for the same accounts in any order, and for no accounts in both. */
export function hasSameAccounts(some: readonly string[] | undefined, others: readonly string[] | undefined): boolean {
  const listed = new Set(others);
  return new Set(some).size === listed.size && (some ?? []).every((account) => listed.has(account));
}

const DAILY_PREFIX = 'daily-';
const DAYS_PER_WEEK = 7;

const RESERVED = [
  [DAILY_PREFIX, 'the schedule uses'],
  [SLICE_PREFIX, 'the schedule uses'],
  [INVITED_PREFIX, 'invitations use'],
  [OPEN_PREFIX, 'open access uses'],
] as const;

/** By which way people of the line come in with a cohort. Earlier logs may have cohorts of operators with ids that are reserved now. */
export function wayOf(cohortId: string): NonNullable<AdmitCohort['way']> {
  if (isDatedSlice(cohortId)) return isOpenSlice(cohortId) ? 'joining' : 'schedule';
  return cohortId.startsWith(DAILY_PREFIX) ? 'schedule' : 'line';
}

/** A cohort of somebody else with such an id would count as one of the schedule or of invitations. @throws InvalidInput */
export function refuseReservedId(cohortId: string, field: string): void {
  const reserved = RESERVED.find(([one]) => cohortId.startsWith(one));
  if (!reserved) return;
  const [prefix, user] = reserved;
  const message = `must not begin with ${prefix}, which only ${user}; choose another id`;
  throw new InvalidInput([{ field, message }]);
}

/** A seventh of the rate, limited by the rate left and the people waiting; 0 if the schedule has nothing to admit now. */
export function dailySize(given: Rollout, now: number, waiting: number): number {
  const state = restrictedAt(given, now);
  if (
    !allowsEntry(state, 'schedule') ||
    !state.daily ||
    state.paused ||
    state.perWeek === undefined ||
    stopOf(state.gate, now)
  )
    return 0;
  // The absolute difference, as for the cap: the clock may have gone back since.
  const scheduled = state.cohorts.some(
    ({ cohortId, admittedAt }) => cohortId.startsWith(DAILY_PREFIX) && Math.abs(now - admittedAt) < DAY_MS,
  );
  if (scheduled) return 0;
  return Math.min(Math.ceil(state.perWeek / DAYS_PER_WEEK), availableCapacity(state, now).available, waiting);
}

/** When the schedule admits its next cohort, and of how many at most; undefined if none is due. @param now epoch milliseconds */
export function nextDaily(given: Rollout, now: number): { at: number; people: number } | undefined {
  const state = restrictedAt(given, now);
  const { daily, paused, perWeek = 0, gate } = state;
  if (!allowsEntry(state, 'schedule') || !daily || paused || perWeek === 0 || stopOf(gate, now)) return undefined;
  const last = state.cohorts.findLast(({ cohortId }) => cohortId.startsWith(DAILY_PREFIX))?.admittedAt;
  return { at: Math.max(now, last === undefined ? now : last + DAY_MS), people: Math.ceil(perWeek / DAYS_PER_WEEK) };
}

/** Admits today's cohort of the schedule unless one was admitted in the last 24 hours. */
export function admitDaily(state: Rollout, now: number, waiting: number): RolloutEvent[] {
  const size = dailySize(state, now, waiting);
  return size === 0 ? [] : admitCohort(state, { cohortId: dailyCohort(now), now, size, way: 'schedule' });
}

/** Fewer people than these wait for each other in open access, for at most a minute. */
const OPEN_SLICE = 100;
const MINUTE_MS = 60_000;

/**
 * How many of those who wait open access lets in now. Nobody while others are being onboarded, since until then more seem to wait; and
 * less than a slice only a minute after the last, or the stream of the rollout would be as long as the waitlist.
 */
export function openSize(given: Rollout, now: number, waiting: number): number {
  const state = restrictedAt(given, now);
  if (!allowsEntry(state, 'joining') || state.paused || state.perWeek === undefined || stopOf(state.gate, now))
    return 0;
  if (cohortsBeingOnboarded(state).length > 0) return 0;
  const size = Math.min(availableCapacity(state, now).available, waiting);
  if (size >= OPEN_SLICE) return size;
  const last = state.cohorts.findLast(({ cohortId }) => isOpenSlice(cohortId));
  // A clock that went back must not keep people out.
  return last && Math.abs(now - last.admittedAt) < MINUTE_MS ? 0 : size;
}

/** Admits all who have joined as one cohort. */
export function admitJoined(state: Rollout, now: number, waiting: number): RolloutEvent[] {
  const size = openSize(state, now, waiting);
  return size === 0 ? [] : admitCohort(state, { cohortId: openCohort(now), now, size, way: 'joining' });
}

export const openCohort = (now: number): string => `${OPEN_PREFIX}${toIso(now)}`;

/** The day is the id, so that concurrent schedulers admit the same cohort. */
export const dailyCohort = (now: number): string => `${DAILY_PREFIX}${utcDayOf(toIso(now))}`;
