import { DAY_MS, toIso } from '../kernel/clock.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { isHiddenFrom } from './blind-review.js';
import { type Case, isOurs } from './case.js';
import { type CaseFacts, conflictOf } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import {
  refuseClosed,
  refuseConflict,
  refuseGolden,
  refuseIncomplete,
  refuseUnable,
  refuseUnknown,
  refuseVoted,
  refuseWithoutClaim,
} from './refusals.js';
import { namesSevereClause, refuseSevere } from './reveal.js';
import { undecided } from './verdict-decisions.js';

/** How long a case waits for the reviewer it was handed over to, before others may claim it. */
export const HANDOVER_MS = DAY_MS;
/** Maximum days for which a case can be held. */
export const MAX_HOLD_DAYS = 7;
/** How long after the end of a hold queues give the case only to who held it. */
export const DUE_AGAIN_MS = 3_600_000;

export interface ClaimCase {
  caseId: string;
  reviewer: string;
  /** Leads may claim escalated cases. */
  isLead: boolean;
  /** Epoch milliseconds. */
  now: number;
  leaseMs: number;
}

/**
 * A no-op while the reviewer holds the lease.
 * @throws NotFound case-unknown
 * @throws Refusal case-parked, case-not-open, image-parked, own-flag, own-image, linked-account, skill-needed,
 * severe-content, already-reviewed, awaiting-decision, case-escalated, case-reserved, case-claimed
 */
export function claimCase(state: Case, claim: ClaimCase, facts: CaseFacts): CaseEvent[] {
  const { caseId, reviewer, isLead, now, leaseMs } = claim;
  refuseIncomplete(state, caseId, facts);
  refuseClosed(state, caseId);
  refuseConflict(state, caseId, reviewer, facts);
  refuseUnable(reviewer, facts);
  refuseSevereTo(reviewer, state, claim, facts);
  refuseVoted(state, caseId, reviewer);
  const decidesAt = undecided(state, facts)?.finalAt;
  if (decidesAt !== undefined) {
    throw new Refusal(
      'awaiting-decision',
      `case ${caseId} has all verdicts and is decided at ${toIso(decidesAt)}; claim another case`,
    );
  }
  if (state.isEscalated && !isLead)
    throw new Refusal(
      'case-escalated',
      `case ${caseId} was escalated, so only a lead can claim it; claim another case`,
    );
  const { claim: last, reserved } = state;
  if (reserved && reserved.reviewer !== reviewer && now < reserved.until) {
    const until = toIso(reserved.until);
    throw new Refusal(
      'case-reserved',
      `case ${caseId} is kept for another reviewer until ${until}; claim another case`,
      {
        until,
      },
    );
  }
  if (last && now < last.until) {
    if (last.reviewer === reviewer) return [];
    const until = toIso(last.until);
    throw new Refusal(
      'case-claimed',
      `case ${caseId} is claimed by another reviewer until ${until}; claim another case`,
      {
        until,
      },
    );
  }
  const claimed = { caseId, reviewer, until: toIso(now + leaseMs), token: state.claims + 1 };
  return [{ type: 'CaseClaimed', data: { ...claimed, ...isSevereField(state, facts) } }];
}

/** What a reviewer does with a claim. */
export interface UseClaim {
  caseId: string;
  reviewer: string;
  /** The fencing token of the claim. */
  token: number;
}

/**
 * Extends the lease, also if it has ended and nobody else has claimed the case. A no-op while more than half of it is left,
 * so that an active reviewer adds few events.
 * @throws NotFound case-unknown; Refusal claim-lost
 */
export function renewClaim(state: Case, use: UseClaim & { now: number; leaseMs: number }): CaseEvent[] {
  const { caseId, reviewer, token, now, leaseMs } = use;
  refuseUnknown(state, caseId);
  refuseWithoutClaim(state, use);
  if (state.claim!.until - now > leaseMs / 2) return [];
  return [{ type: 'CaseClaimed', data: { caseId, reviewer, until: toIso(now + leaseMs), token } }];
}

/** A no-op unless the reviewer holds the claim with this token. @throws NotFound case-unknown */
export function releaseCase(state: Case, { caseId, reviewer, token }: UseClaim): CaseEvent[] {
  refuseUnknown(state, caseId);
  const { claim } = state;
  if (claim?.reviewer !== reviewer || claim.token !== token) return [];
  return [{ type: 'CaseReleased', data: { caseId, reviewer } }];
}

/**
 * Sets a claimed case aside, with a reminder: nobody else may claim it until then.
 * @param hold `until` and `now` in epoch milliseconds
 * @throws NotFound case-unknown; InvalidInput; Refusal claim-lost
 */
export function holdCase(state: Case, hold: UseClaim & { until: number; now: number; note?: string }): CaseEvent[] {
  const { caseId, reviewer, until, now } = hold;
  refuseUnknown(state, caseId);
  if (until <= now || until > now + MAX_HOLD_DAYS * DAY_MS) {
    const message = `must be later than now, ${toIso(now)}, and at most ${MAX_HOLD_DAYS} days later`;
    throw new InvalidInput([{ field: '/until', message }]);
  }
  // Repeated after the claim ended with the first.
  if (!state.claim && state.reserved?.reviewer === reviewer && state.reserved.until === until) return [];
  refuseWithoutClaim(state, hold);
  return [{ type: 'CaseHeld', data: { caseId, reviewer, until: toIso(until), ...noted(hold) } }];
}

export interface HandOver {
  caseId: string;
  /** Who hands it over, with the token of their claim; a lead needs none. */
  by: string;
  token?: number;
  isLead: boolean;
  to: string;
  /** Epoch milliseconds. */
  now: number;
  note?: string;
}

/**
 * A no-op if the case is kept for that reviewer. What a lead hands over is escalated no longer.
 * @throws NotFound case-unknown; InvalidInput
 * @throws Refusal case-parked, case-not-open, claim-lost, image-parked, own-flag, own-image, linked-account, skill-needed,
 * severe-content, already-reviewed, reviewer-unsuitable
 */
export function handOverCase(state: Case, handOver: HandOver, facts: CaseFacts): CaseEvent[] {
  const { caseId, by, to, now } = handOver;
  refuseIncomplete(state, caseId, facts);
  refuseClosed(state, caseId);
  const { claim, reserved } = state;
  if (!claim && reserved?.reviewer === to && now < reserved.until) return [];
  refuseWithoutRight(state, handOver);
  if (to === by && !handOver.isLead)
    throw new InvalidInput([{ field: '/reviewer', message: 'is yourself: name another reviewer' }]);
  if (isHiddenFrom(state, { id: by, role: handOver.isLead ? 'lead' : 'reviewer' }, now)) {
    refuseUnsuitable(state, caseId, to, facts);
  } else {
    refuseConflict(state, caseId, to, facts);
    refuseVoted(state, caseId, to);
  }
  refuseUnable(to, facts);
  refuseSevereTo(to, state, handOver, facts);
  const data = { caseId, by, reviewer: to, until: toIso(now + HANDOVER_MS), ...noted(handOver) };
  return [{ type: 'CaseHandedOver', data }];
}

/** Absent if the facts have no severe viewers. */
const isSevereField = ({ categories }: Case, { severeViewers, severities }: CaseFacts): { isSevere?: boolean } =>
  severeViewers ? { isSevere: namesSevereClause([...categories], severities) } : {};

/** By the flags alone: who claims a case may not know others' verdicts. @throws Refusal severe-content */
function refuseSevereTo(
  reviewer: string,
  state: Case,
  { caseId, now }: { caseId: string; now: number },
  facts: CaseFacts,
): void {
  const { severeViewers, severities } = facts;
  if (!severeViewers || !namesSevereClause([...state.categories], severities)) return;
  refuseSevere(state, { caseId, reviewer, role: 'reviewer', isSevereViewer: severeViewers.has(reviewer), now }, facts);
}

/**
 * Does not say whether the reviewer has judged the case, before or in this round, or is linked to its account: a reviewer who is
 * still to judge may not know.
 * @throws Refusal image-parked, own-flag, own-image, reviewer-unsuitable
 */
function refuseUnsuitable(state: Case, caseId: string, reviewer: string, facts: CaseFacts): void {
  const conflict = conflictOf(state, reviewer, facts);
  const isSecret = conflict === 'linked-account' || conflict === 'own-decision';
  if (!isSecret) refuseConflict(state, caseId, reviewer, facts);
  if (!isSecret && !state.verdicts.some((one) => isOurs(one, reviewer))) return;
  throw new Refusal('reviewer-unsuitable', `${reviewer} can’t review case ${caseId}: name another reviewer`);
}

/**
 * A no-op if the case is escalated.
 * @throws NotFound case-unknown; Refusal case-not-open, claim-lost
 */
export function escalateCase(
  state: Case,
  escalation: Pick<HandOver, 'caseId' | 'by' | 'token' | 'isLead' | 'note'>,
): CaseEvent[] {
  const { caseId, by } = escalation;
  refuseUnknown(state, caseId);
  refuseClosed(state, caseId);
  if (state.isEscalated) return [];
  refuseWithoutRight(state, escalation);
  return [{ type: 'CaseEscalated', data: { caseId, by, ...noted(escalation) } }];
}

/** A reviewer may pass on the case that they have claimed, a lead any case. @throws Refusal claim-lost */
export function refuseWithoutRight(
  state: Case,
  { caseId, by, token, isLead }: Pick<HandOver, 'caseId' | 'by' | 'token' | 'isLead'>,
): void {
  if (!isLead || token !== undefined) refuseWithoutClaim(state, { caseId, reviewer: by, token: token ?? 0 });
}

const noted = ({ note }: { note?: string }): { note?: string } => (note === undefined ? {} : { note });

export interface ReopenCase {
  caseId: string;
  by: string;
  reason: string;
  panelSize: number;
}

/**
 * Opens a closed case in a new round with the flags of the one before. What a confirmation has led to stays in force until the
 * new round decides: see `decisionOf`. A no-op if the case is open.
 * @param isAppealOpen whether somebody is to hear an appeal against the confirmation
 * @throws NotFound case-unknown; Refusal golden-case, appeal-open
 */
export function reopenCase(state: Case, reopening: ReopenCase, isAppealOpen: boolean): CaseEvent[] {
  const { caseId, by, reason, panelSize } = reopening;
  refuseUnknown(state, caseId);
  if (state.status === 'open') return [];
  refuseGolden(state, caseId);
  if (state.inForce && isAppealOpen) {
    throw new Refusal(
      'appeal-open',
      `an appeal against the confirmation of case ${caseId} is open: decide it (POST /v1/appeals/${caseId}/decision), or reopen the case after that`,
    );
  }
  return [{ type: 'CaseReopened', data: { caseId, by, reason, round: state.round + 1, panelSize } }];
}
