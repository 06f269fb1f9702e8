import { fold } from '../kernel/decider.js';
import { Refusal } from '../kernel/errors.js';
import type { AppealStatus } from './appeal-hearings.js';
import { type Case, caseStream } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { BULK_JOB_UNDONE, overturning } from './overturning.js';
import { refuseConflict, refuseIncomplete } from './refusals.js';
import { moveBack, type RoutingFacts, routeCase } from './routing.js';

export interface UndoInBulk {
  caseId: string;
  /** The lead who has the job undone. */
  by: string;
  /** The job that is undone. */
  jobId: string;
  reason: string;
}

/**
 * Undoes what a bulk job did to a case, so that it waits as if the job had left it out: a case that it moved is back in its
 * queue, one that it decided is open with its place there, and what a confirmation has led to is undone. A case refuses that
 * anybody has changed since, or whose measure was appealed against.
 * @throws NotFound case-unknown
 * @throws Refusal case-parked, case-changed, image-parked, own-flag, own-image, linked-account, appeal-open, appeal-decided
 */
export function undoInBulk(
  state: Case,
  { caseId, by, jobId, reason }: UndoInBulk,
  facts: CaseFacts & RoutingFacts & { appeal: AppealStatus },
): CaseEvent[] {
  refuseIncomplete(state, caseId, facts);
  const { bulk, round, panelSize } = state;
  if (bulk?.jobId !== jobId)
    throw new Refusal('case-changed', `case ${caseId} was changed after job ${jobId}: what it is now stays`);
  if (state.status === 'open') return moveBack(state, { caseId, by, from: bulk }, facts);
  refuseConflict(state, caseId, by, facts);
  if (state.inForce && facts.appeal !== 'none') {
    throw new Refusal(
      facts.appeal === 'open' ? 'appeal-open' : 'appeal-decided',
      `somebody appealed against what the confirmation of case ${caseId} has led to: the appeal decides about it`,
    );
  }
  const events: CaseEvent[] = [
    ...overturning(state, caseId, BULK_JOB_UNDONE, round + 1),
    { type: 'CaseReopened', data: { caseId, by, reason, round: round + 1, panelSize, undoes: jobId } },
  ];
  return [...events, ...routeCase(fold(caseStream, events, state), caseId, facts)];
}
