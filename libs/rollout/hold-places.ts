import { toIso } from '../kernel/clock.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { hasSameAccounts, INVITED_PREFIX } from './admission.js';
import { restrictedAt } from './changes.js';
import type { RolloutEvent } from './events.js';
import { batchOf, type HeldBatch, placesOf } from './held-places.js';
import { availableCapacity, exceeded, peopleInWindow, type Rollout, rateOfAdmission } from './rollout.js';

export interface HoldPlaces {
  batchId: string;
  /** At most 1,000. */
  accounts: readonly string[];
  /** Until when they can accept, in epoch milliseconds. */
  until: number;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * Holds a place for each account that is to be invited. A no-op for a batch that holds them already.
 * @throws InvalidInput; Refusal batch-known, onboarding-paused, gate-braked, rate-not-set, rate-exceeded (details: available, moreAt)
 */
export function holdPlaces(given: Rollout, { batchId, accounts: named, until, now }: HoldPlaces): RolloutEvent[] {
  const state = restrictedAt(given, now);
  const accounts = [...new Set(named)];
  const known = batchOf(state.held, batchId);
  if (known && hasSameAccounts(accounts, known.accounts)) return [];
  if (known || state.held.freed.includes(batchId)) {
    throw new Refusal('batch-known', `there was a batch ${batchId} before; use another batchId`);
  }
  const perWeek = rateOfAdmission(state, now);
  if (until <= now) throw new InvalidInput([{ field: '/until', message: 'must be ahead' }]);
  if (accounts.length > availableCapacity(state, now).available) throw exceeded(state, accounts.length, now);
  return [{ type: 'PlacesHeld', data: { batchId, accounts, until: toIso(until), perWeek, at: toIso(now) } }];
}

/**
 * Admits people who accepted, in the places that their batch holds: as many as the rate now in force allows, which may be
 * lower than the one of their invitation. The others wait until it allows more. A no-op for people who were admitted.
 * @throws Refusal onboarding-paused, gate-braked, rate-not-set
 */
export function admitInvited(
  given: Rollout,
  batchId: string,
  accepted: readonly string[],
  now: number,
): RolloutEvent[] {
  const state = restrictedAt(given, now);
  const batch = batchOf(state.held, batchId);
  const awaited = batch ? awaitedOf(batch, accepted) : [];
  if (!batch || awaited.length === 0) return [];
  const perWeek = rateOfAdmission(state, now);
  const accounts = awaited.slice(0, Math.max(0, perWeek - peopleInWindow(state, now)));
  if (accounts.length === 0) return [];
  // The number, so that two schedulers which admit at once admit the same cohort.
  const cohortId = `${INVITED_PREFIX}${batchId}-${batch.admitted.length}`;
  const size = accounts.length;
  return [
    {
      type: 'CohortAdmitted',
      data: { cohortId, size, selection: 'listed', accounts, batchId, perWeek, at: toIso(now) },
    },
  ];
}

/**
 * To be called when each invitation of the batch was accepted or has ended, which nothing undoes.
 * A no-op while somebody who accepted is not admitted, and for a batch that was freed.
 */
export function freePlaces(state: Rollout, batchId: string, accepted: readonly string[]): RolloutEvent[] {
  const batch = batchOf(state.held, batchId);
  if (!batch || awaitedOf(batch, accepted).length > 0) return [];
  return [{ type: 'PlacesFreed', data: { batchId, places: placesOf(batch) } }];
}

function awaitedOf({ accounts, admitted }: HeldBatch, accepted: readonly string[]): string[] {
  const before = new Set(admitted);
  const has = new Set(accepted);
  return accounts.filter((one) => has.has(one) && !before.has(one));
}
