import type { Case } from './case.js';
import type { CaseEvent } from './events.js';
import { refuseUnknown } from './refusals.js';

/** The reasons of events that undo a confirmation, or what it has led to. */
export const APPEAL_GRANTED = 'appeal-granted';
export const CASE_REOPENED = 'case-reopened';
export const BULK_JOB_UNDONE = 'bulk-job-undone';

export interface Overturning {
  caseId: string;
  /** The round that was confirmed: a later confirmation is another decision. */
  round: number;
  /** A label. */
  reason: string;
}

/** A no-op unless the confirmation of this round is in force. @throws NotFound case-unknown */
export function overturnReview(state: Case, { caseId, round, reason }: Overturning): CaseEvent[] {
  refuseUnknown(state, caseId);
  return isInForce(state, round) ? [{ type: 'ReviewOverturned', data: { ...namedBy(state, caseId), reason } }] : [];
}

/**
 * A later round of the case overturns the confirmation in force, if one is. What it has led to is undone because of this event.
 * @param decidedRound that round
 */
export const overturning = (state: Case, caseId: string, reason: string, decidedRound: number): CaseEvent[] =>
  state.inForce ? [{ type: 'ReviewOverturned', data: { ...namedBy(state, caseId), reason, decidedRound } }] : [];

/**
 * The confirmation names another clause from now on. A no-op unless that of this round is in force, or if it names that
 * clause.
 * @throws NotFound case-unknown
 */
export function amendReview(
  state: Case,
  { caseId, round, reason, clause }: Overturning & { clause: string },
): CaseEvent[] {
  refuseUnknown(state, caseId);
  if (!isInForce(state, round) || state.clause === clause) return [];
  return [{ type: 'ReviewAmended', data: { ...namedBy(state, caseId), clause, reason } }];
}

/** Whether the confirmation of a round is in force, also if a later one confirmed it again. */
export const isInForce = ({ inForce }: Case, round: number): boolean =>
  inForce !== undefined && inForce.since <= round && round <= inForce.round;

function namedBy({ imageId, accountId, inForce }: Case, caseId: string) {
  const account = inForce!.accountId ?? accountId;
  return { caseId, imageId, ...(account !== undefined && { accountId: account }), round: inForce!.round };
}
