import { INVITED_PREFIX } from '../gate/sliced-cohorts.js';
import { toIso } from '../kernel/clock.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { restrictedAt } from './changes.js';
import type { RolloutEvent } from './events.js';
import { batchOf, heldAt, placesOf } from './held-places.js';
import { type ClassesOf, refuseOtherClasses } from './phase.js';
import { availableCapacity, exceeded, type Rollout, rateOfAdmission, roomForHeld } from './rollout.js';

export interface HoldPlaces {
  batchId: string;
  /** The number of places; all that are available by default. Not used with `accounts`. */
  size?: number;
  /** The accounts of a listed batch, at most 1,000; without them the front of the waitlist is invited. */
  accounts?: readonly string[];
  /** In which class each of them waits; absent if that is checked when they are chosen. */
  classOf?: ClassesOf;
  /** Only this priority class. */
  priority?: number;
  /** Until when they can accept, in epoch milliseconds. */
  until: number;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * Holds a place for each account that is to be invited. A no-op for a batch that has held places before.
 * @throws InvalidInput; Refusal onboarding-paused, gate-braked, phase-refuses, rate-not-set, ceiling-reached, rate-exceeded (details:
 * available, moreAt)
 */
export function holdPlaces(given: Rollout, command: HoldPlaces): RolloutEvent[] {
  const { batchId, size, accounts, classOf, priority, until, now } = command;
  const state = restrictedAt(given, now);
  if (heldAt(state.held, batchId) !== undefined) return [];
  const perWeek = rateOfAdmission(state, now);
  if (until <= now) throw new InvalidInput([{ field: '/until', message: 'must be ahead' }]);
  const listed = accounts && [...new Set(accounts)];
  if (listed && classOf) refuseOtherClasses(state, listed, classOf);
  const { available } = availableCapacity(state, now);
  const wanted = listed?.length ?? size ?? Math.max(1, available);
  if (wanted > available) throw exceeded(state, wanted, now);
  return [
    {
      type: 'PlacesHeld',
      data: {
        ...{ batchId, size: wanted, selection: listed ? 'listed' : 'first-come' },
        ...(listed && { accounts: listed }),
        ...(priority !== undefined && { priority }),
        ...(state.phase.classes && { classes: state.phase.classes }),
        ...{ until: toIso(until), perWeek, at: toIso(now) },
      },
    },
  ];
}

/**
 * Holds a place for everybody waiting, within the rate.
 * @param waiting the number of waiting people
 * @throws Refusal nobody-waiting; whatever `holdPlaces` throws
 */
export function holdForWaiting(state: Rollout, command: HoldPlaces, waiting: number): RolloutEvent[] {
  const { available } = availableCapacity(state, command.now);
  const size = Math.max(1, Math.min(available, waiting));
  const events = holdPlaces(state, { ...command, size });
  if (events.length > 0 && waiting === 0)
    throw new Refusal('nobody-waiting', 'nobody is on the waitlist; invite people after somebody has joined');
  return events;
}

export interface AdmitInvited {
  batchId: string;
  /** People of the batch who accepted and whom no cohort had admitted at `after`. */
  accounts: readonly string[];
  /** How many of the batch were admitted when they were looked up. If it is another number by now, nobody is admitted. */
  after: number;
  /** Epoch milliseconds. */
  now: number;
}

/** How many people who accepted the rate now in force allows, which may be lower than that of their invitation; 0 while nobody may be admitted. */
export function roomForInvited(given: Rollout, now: number): number {
  const state = restrictedAt(given, now);
  try {
    return roomForHeld(state, rateOfAdmission(state, now), now);
  } catch (error) {
    if (error instanceof Refusal) return 0;
    throw error;
  }
}

/**
 * Admits people who accepted, in the places that their batch holds, as many as there is room for. The others wait. A no-op if
 * somebody else admitted people of the batch meanwhile: they may be the same.
 */
export function admitInvited(state: Rollout, { batchId, accounts, after, now }: AdmitInvited): RolloutEvent[] {
  const batch = batchOf(state.held, batchId);
  if (!batch || batch.admitted !== after) return [];
  // Who accepted while it was withdrawn has no place, but comes in all the same once the rate has room.
  const places = batch.withdrawal ? accounts.length : placesOf(batch);
  const admitted = accounts.slice(0, Math.min(places, roomForInvited(state, now)));
  if (admitted.length === 0) return [];
  const perWeek = rateOfAdmission(restrictedAt(state, now), now);
  // The number, so that two schedulers which admit at once admit the same cohort.
  const cohortId = `${INVITED_PREFIX}${batchId}-${after}`;
  const size = admitted.length;
  return [
    {
      type: 'CohortAdmitted',
      data: { cohortId, size, selection: 'listed', accounts: admitted, batchId, perWeek, at: toIso(now) },
    },
  ];
}

/**
 * The people of the batch are invited, and are fewer than its places: frees the others at once. A no-op for all later calls, and for a
 * batch that was withdrawn meanwhile.
 * @param people how many were invited, whatever became of it
 */
export function freeUnfilled(state: Rollout, batchId: string, people: number): RolloutEvent[] {
  const batch = batchOf(state.held, batchId);
  if (!batch || batch.withdrawal || batch.size <= people) return [];
  return [{ type: 'PlacesFreed', data: { batchId, places: batch.size - people, isOver: people === 0 } }];
}

/** To be called when each invitation of the batch has ended, which nothing undoes. A no-op for a batch that is over. */
export function freePlaces(state: Rollout, batchId: string): RolloutEvent[] {
  const batch = batchOf(state.held, batchId);
  return batch ? [{ type: 'PlacesFreed', data: { batchId, places: placesOf(batch), isOver: true } }] : [];
}
