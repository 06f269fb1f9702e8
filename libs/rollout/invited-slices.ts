import { type HeldBatch, placesOf } from './held-places.js';
import { roomForInvited } from './hold-places.js';
import type { Rollout } from './rollout.js';

/** Fewer people of a batch than these wait for each other, for at most an hour. */
const SLICE = 100;
const HOUR_MS = 3_600_000;

/**
 * Whether people of the batch who accepted are to be admitted now. Each admission is a cohort of its own, which
 * is onboarded before the next: a cohort for each acceptance would keep all others waiting. The gate counts those of a batch as one.
 * @param accepted how many accepted and are not admitted, at least one
 * @param now epoch milliseconds
 */
export function invitedSliceIsDue(state: Rollout, batch: HeldBatch, accepted: number, now: number): boolean {
  if (accepted === 0) return false;
  const last = state.cohorts.findLast(({ batchId }) => batchId === batch.batchId);
  // A clock that went back must not keep people out.
  if (!last || Math.abs(now - last.admittedAt) >= HOUR_MS) return true;
  const room = roomForInvited(state, now);
  const isLast = batch.withdrawal !== undefined || now >= batch.until || accepted >= placesOf(batch);
  return Math.min(accepted, room) >= SLICE || (isLast && room >= accepted);
}
