import { NotFound, Refusal } from '../kernel/errors.js';
import type { RolloutEvent } from './events.js';
import { batchOf, heldAt, placesOf } from './held-places.js';
import { freePlaces } from './hold-places.js';
import type { Rollout } from './rollout.js';

/** A no-op for a batch that was withdrawn before. @throws NotFound batch-unknown; Refusal batch-decided */
export function withdrawInvitations({ held }: Rollout, batchId: string, reason: string): RolloutEvent[] {
  if (held.withdrawn.has(batchId)) return [];
  if (heldAt(held, batchId) === undefined) throw unknownBatch(batchId);
  if (!batchOf(held, batchId)) {
    throw new Refusal(
      'batch-decided',
      `each invitation of batch ${batchId} was used or has ended, so there is nothing to withdraw; who came in stays in`,
    );
  }
  return [{ type: 'InvitationsWithdrawn', data: { batchId, reason } }];
}

export const unknownBatch = (batchId: string): NotFound =>
  new NotFound(
    'batch-unknown',
    `there is no batch of invitations ${batchId}: gatehouse cohort invitations, or GET /v1/invitations, lists them`,
  );

/**
 * Frees the places of a withdrawn batch that nobody needs. A no-op for another batch.
 * @param accepted at least the number of people who accepted and were not admitted; one of them may be counted too many, but none too few
 */
export function freeWithdrawn({ held }: Rollout, batchId: string, accepted: number): RolloutEvent[] {
  const batch = batchOf(held, batchId);
  if (!batch?.withdrawal) return [];
  const places = placesOf(batch) - accepted;
  return places > 0 ? [{ type: 'PlacesFreed', data: { batchId, places, isOver: false } }] : [];
}

/** To be called when each invitation was accepted or has ended. A no-op if it was called before. @param people whose invitation ended */
export function completeWithdrawal({ held }: Rollout, batchId: string, people: number): RolloutEvent[] {
  const batch = batchOf(held, batchId);
  return batch?.withdrawal === 'begun' ? [{ type: 'WithdrawalCompleted', data: { batchId, people } }] : [];
}

/**
 * To be called when each invitation was accepted or has ended. If nobody waits who accepted, the batch is over with it. A no-op for a
 * batch that is over, and for one that was not withdrawn.
 * @param ended people whose invitation ended with the withdrawal
 * @param accepted people who accepted and are not onboarded
 */
export function settleWithdrawn(rollout: Rollout, batchId: string, ended: number, accepted: number): RolloutEvent[] {
  if (!batchOf(rollout.held, batchId)?.withdrawal) return [];
  const completed = completeWithdrawal(rollout, batchId, ended);
  return accepted > 0
    ? [...freeWithdrawn(rollout, batchId, accepted), ...completed]
    : [...completed, ...freePlaces(rollout, batchId)];
}
