import type { Case } from './case.js';
import type { CaseEvent } from './events.js';
import { refuseUnknown } from './refusals.js';

export interface Overturning {
  caseId: string;
  /** The round that was confirmed: a later confirmation is another decision. */
  round: number;
  /** A label. */
  reason: string;
}

/** A no-op unless this round of the case is confirmed. @throws NotFound case-unknown */
export function overturnReview(state: Case, { caseId, round, reason }: Overturning): CaseEvent[] {
  refuseUnknown(state, caseId);
  if (!isConfirmed(state, round)) return [];
  return [{ type: 'ReviewOverturned', data: { ...namedBy(state, caseId), reason } }];
}

/**
 * The confirmation names another clause from now on. A no-op unless this round of the case is confirmed, or if it names that
 * clause.
 * @throws NotFound case-unknown
 */
export function amendReview(
  state: Case,
  { caseId, round, reason, clause }: Overturning & { clause: string },
): CaseEvent[] {
  refuseUnknown(state, caseId);
  if (!isConfirmed(state, round) || state.clause === clause) return [];
  return [{ type: 'ReviewAmended', data: { ...namedBy(state, caseId), clause, reason } }];
}

const isConfirmed = (state: Case, round: number): boolean => state.status === 'confirmed' && state.round === round;

const namedBy = ({ imageId, accountId, round }: Case, caseId: string) => ({
  caseId,
  imageId,
  ...(accountId !== undefined && { accountId }),
  round,
});
