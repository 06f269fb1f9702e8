import { Refusal } from '../kernel/errors.js';
import type { Case } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import { refuseConflict, refuseIncomplete } from './refusals.js';

/** What people wrote, which is stored encrypted and shown only to the reviewer of the case. */
export const REVEAL_LEVELS = ['prompt', 'comments'] as const;
export type RevealLevel = (typeof REVEAL_LEVELS)[number];

/**
 * Only the reviewer who holds the claim may read, and not their own image or flag.
 * @param now epoch milliseconds
 * @throws NotFound case-unknown; Refusal case-parked, image-parked, own-flag, own-image, case-not-claimed
 */
export function checkReveal(
  state: Case,
  { caseId, reviewer, now }: { caseId: string; reviewer: string; now: number },
  facts: CaseFacts,
): void {
  refuseIncomplete(state, caseId, facts);
  refuseConflict(state, caseId, reviewer, facts);
  const { claim } = state;
  if (claim?.reviewer === reviewer && now < claim.until) return;
  throw new Refusal('case-not-claimed', `${reviewer} has not claimed case ${caseId}, or the claim has ended: claim it`);
}
