import { SLICE_PREFIX } from '../gate/sliced-cohorts.js';
import { toIso } from '../kernel/clock.js';
import { nextDaily } from './admission.js';
import { restrictedAt } from './changes.js';
import type { RolloutEvent } from './events.js';
import { stopOf } from './gate-override.js';
import { allowsEntry } from './phase.js';
import { admitCohort, availableCapacity, type Rollout } from './rollout.js';
import { peopleOf, type Schedule, slotOf, slotsFrom } from './schedule.js';

/** How long a slice waits until all its places are free: the people of the same hour a week ago free theirs only just now. */
const PATIENCE_MS = 30 * 60_000;

/** The slot is the id, so that concurrent schedulers admit the same cohort. */
export const sliceCohort = (at: number): string => `${SLICE_PREFIX}${toIso(at)}`;

const isAdmitted = ({ cohorts }: Rollout, at: number): boolean =>
  cohorts.some(({ cohortId }) => cohortId === sliceCohort(at));

interface DueSlice {
  cohortId: string;
  size: number;
}

/**
 * The slice to admit now, limited by the rate left and the people waiting; undefined if there is none. A slice that its hour
 * passes without is not made up for, so that an outage ends in no rush.
 * @param now epoch milliseconds
 */
export function dueSlice(given: Rollout, schedule: Schedule, now: number, waiting: number): DueSlice | undefined {
  const state = restrictedAt(given, now);
  if (!allowsEntry(state, 'schedule') || state.paused || state.perWeek === undefined || stopOf(state.gate, now))
    return undefined;
  const slot = slotOf(slotsFrom(schedule, now), now);
  if (!slot || isAdmitted(state, slot.at)) return undefined;
  const people = Math.min(peopleOf(slot, state.perWeek), waiting);
  const { available } = availableCapacity(state, now);
  if (available < people && now < slot.at + PATIENCE_MS) return undefined;
  const size = Math.min(people, available);
  return size > 0 ? { cohortId: sliceCohort(slot.at), size } : undefined;
}

export function admitSlice(state: Rollout, schedule: Schedule, now: number, waiting: number): RolloutEvent[] {
  const due = dueSlice(state, schedule, now, waiting);
  return due ? admitCohort(state, { ...due, now, way: 'schedule' }) : [];
}

/**
 * When the next slice is due, and of how many people at most; undefined if none is.
 * @param schedule undefined: a seventh of the rate every day, if the rate is set so
 * @param now epoch milliseconds
 */
export function nextSlice(
  given: Rollout,
  schedule: Schedule | undefined,
  now: number,
): { at: number; people: number } | undefined {
  if (!schedule) return nextDaily(given, now);
  const state = restrictedAt(given, now);
  const { paused, perWeek = 0, gate } = state;
  if (!allowsEntry(state, 'schedule') || paused || perWeek === 0 || stopOf(gate, now)) return undefined;
  const slots = slotsFrom(schedule, now);
  const present = slotOf(slots, now);
  const next = slots.find(
    (slot) => (slot === present ? !isAdmitted(state, slot.at) : slot.at > now) && peopleOf(slot, perWeek) > 0,
  );
  return next && { at: Math.max(now, next.at), people: peopleOf(next, perWeek) };
}
