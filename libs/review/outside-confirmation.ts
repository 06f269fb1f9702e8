import { InvalidInput, Refusal } from '../kernel/errors.js';
import type { Case } from './case.js';
import { type CaseFacts, ownerOf } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { refuseConflict, refuseGoldenFromOutside, refuseIncomplete } from './refusals.js';
import { confirmed, flagged, tally, type Votes } from './verdict-decisions.js';

/** A command: a ReviewConfirmed of another system. */
export interface ImportReviewConfirmed {
  caseId: string;
  /** The owner of the image, used only if it is unknown here. */
  accountId?: string;
  categories: readonly string[];
  clause?: string;
  votes?: Votes;
  /** Who decided there: the same people may as could decide here, and as many. */
  reviewers?: readonly string[];
  /** The system that they review in. */
  reviewerSource?: string;
}

/**
 * Confirms an open case as another system reported; a no-op if it is confirmed.
 * @throws NotFound case-unknown; InvalidInput without reviewers
 * @throws Refusal case-parked, case-dismissed, panel-too-small, own-flag, own-image, image-owner-unknown, image-parked
 */
export function importReviewConfirmed(
  state: Case,
  { caseId, accountId, categories, clause, votes, reviewers = [], reviewerSource }: ImportReviewConfirmed,
  facts: CaseFacts,
): CaseEvent[] {
  refuseIncomplete(state, caseId, facts);
  refuseGoldenFromOutside(state, caseId);
  if (state.status === 'confirmed') return [];
  if (state.status !== 'open') {
    throw new Refusal(
      'case-dismissed',
      `case ${caseId} was decided here (${state.status}); a new flag on the image opens its next round`,
    );
  }
  if (reviewers.length === 0) {
    throw new InvalidInput([{ field: '/data/reviewers', message: 'must name the people who confirmed the violation' }]);
  }
  const distinct = new Set(reviewers).size;
  if (distinct < state.panelSize) {
    throw new Refusal(
      'panel-too-small',
      `case ${caseId} is decided by ${state.panelSize} reviewers, and the event names ${distinct}; have the others review the image too`,
    );
  }
  const owner = ownerOf(state, facts) ?? accountId;
  const asReported = { ...state, accountId: owner };
  for (const reviewer of reviewers) refuseConflict(asReported, caseId, reviewer, facts);
  const found = categories.length > 0 ? categories : flagged(state);
  const decision = { categories: found, clause, votes: votes ?? tally(state.verdicts), reviewers, reviewerSource };
  return [confirmed(state, caseId, owner, decision)];
}
