import { toIso } from '../kernel/clock.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import type { Case, Verdict } from './case.js';
import { type CaseFacts, type Conflict, conflictOf, ownerOf } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';

/**
 * Maximum flags in a round: another would not help the reviewer, and every flag makes the case longer to read. Flaggers
 * beyond it are noted in streams of their own.
 */
export const MAX_FLAGS = 200;
/** Maximum categories in a decision event: the first that flags named. */
const MAX_CATEGORIES = 20;

export interface OpenCase {
  imageId: string;
  /** The account that generated the image, if it was reported. */
  accountId?: string;
  /** The id of the flag's event. */
  flagId: string;
  flaggedBy: string;
  categories: readonly string[];
  /** RFC 3339. */
  flaggedAt: string;
  /** The position of the flag's event. */
  position: Position;
  panelSize: number;
}

/**
 * A flag opens a case, joins an open one, or opens the next round of a dismissed one if it was stored after the dismissal.
 * A no-op after a confirmation, for a flag with neither a new flagger nor a new category, and beyond MAX_FLAGS.
 */
export function openCase(state: Case, { position, panelSize, ...flag }: OpenCase): CaseEvent[] {
  if (state.status === 'confirmed' || position <= state.dismissedAt) return [];
  const { imageId, accountId, flagId, flaggedBy, flaggedAt } = flag;
  const categories = [...new Set(flag.categories)].sort();
  const owner = accountId === undefined ? {} : { accountId };
  if (state.status === 'open') {
    const isNew = !state.flaggers.has(flaggedBy) || categories.some((label) => !state.categories.has(label));
    if (!isNew || state.flags >= MAX_FLAGS) return [];
    return [{ type: 'CaseJoined', data: { caseId: imageId, ...owner, flagId, flaggedBy, categories } }];
  }
  const round = state.round + 1;
  return [
    {
      type: 'CaseOpened',
      data: { caseId: imageId, imageId, ...owner, round, panelSize, flagId, flaggedBy, categories, flaggedAt },
    },
  ];
}

export interface ClaimCase {
  caseId: string;
  reviewer: string;
  /** Epoch milliseconds. */
  now: number;
  leaseMs: number;
}

/**
 * A no-op while the reviewer holds the lease.
 * @throws NotFound case-unknown; Refusal case-not-open, own-flag, own-image, already-reviewed, case-claimed
 */
export function claimCase(state: Case, { caseId, reviewer, now, leaseMs }: ClaimCase, facts: CaseFacts): CaseEvent[] {
  refuseUnknown(state, caseId);
  if (state.status !== 'open')
    throw new Refusal('case-not-open', `case ${caseId} is ${state.status}; claim an open one`);
  refuseConflict(state, caseId, reviewer, facts);
  if (hasVoted(state, reviewer))
    throw new Refusal('already-reviewed', `${reviewer} has given a verdict on case ${caseId}; claim another case`);
  refuseClaimedByOther(state, caseId, reviewer, now);
  if (state.claim && now < state.claim.until) return [];
  return [{ type: 'CaseClaimed', data: { caseId, reviewer, until: toIso(now + leaseMs) } }];
}

/** A no-op unless the reviewer claimed the case. @throws NotFound case-unknown */
export function releaseCase(state: Case, { caseId, reviewer }: { caseId: string; reviewer: string }): CaseEvent[] {
  refuseUnknown(state, caseId);
  return state.claim?.reviewer === reviewer ? [{ type: 'CaseReleased', data: { caseId, reviewer } }] : [];
}

export interface GiveVerdict {
  caseId: string;
  reviewer: string;
  verdict: Verdict;
  /** Epoch milliseconds. */
  now: number;
  answerTimeMs?: number;
  /** Given in an outside review tool, which does not know the claims made here. */
  fromOutside?: boolean;
  /** From an outside review tool: the number of reviewers who decide this case. */
  panelSize?: number;
  note?: string;
}

/**
 * The verdict and, if it completes the panel, the decision: a strict majority of `unsafe` confirms. A no-op if the case
 * is decided or the reviewer has voted.
 * @throws NotFound case-unknown; Refusal own-flag, own-image, case-claimed, image-owner-unknown
 */
export function giveVerdict(state: Case, command: GiveVerdict, facts: CaseFacts): CaseEvent[] {
  const { caseId, reviewer, verdict, now, answerTimeMs, fromOutside, panelSize, note } = command;
  refuseUnknown(state, caseId);
  if (state.status !== 'open' || hasVoted(state, reviewer)) return [];
  refuseConflict(state, caseId, reviewer, facts);
  if (!fromOutside) refuseClaimedByOther(state, caseId, reviewer, now);

  const given: CaseEvent = {
    type: 'VerdictGiven',
    data: {
      caseId,
      reviewer,
      verdict,
      ...(answerTimeMs !== undefined && { answerTimeMs }),
      ...(panelSize !== undefined && { panelSize }),
      ...(note !== undefined && { note }),
    },
  };
  const verdicts = [...state.verdicts, { reviewer, verdict }];
  if (verdicts.length < (panelSize ?? state.panelSize)) return [given];

  const votes = tally(verdicts);
  if (votes.unsafe * 2 > verdicts.length) {
    return [given, confirmed(state, caseId, ownerOf(state, facts), { categories: flagged(state), votes })];
  }
  const { imageId, round } = state;
  const accountId = ownerOf(state, facts);
  const data = {
    caseId,
    imageId,
    ...(accountId !== undefined && { accountId }),
    categories: flagged(state),
    votes,
    round,
  };
  return [given, { type: 'ReviewDismissed', data }];
}

/** A command: a ReviewConfirmed of another system. */
export interface ImportReviewConfirmed {
  caseId: string;
  /** The owner of the image, used only if it is unknown here. */
  accountId?: string;
  categories: readonly string[];
  votes?: Votes;
}

/**
 * Confirms an open case as another system reported; a no-op if it is confirmed.
 * @throws NotFound case-unknown; Refusal case-dismissed, image-owner-unknown
 */
export function importReviewConfirmed(
  state: Case,
  { caseId, accountId, categories, votes }: ImportReviewConfirmed,
  facts: CaseFacts,
): CaseEvent[] {
  refuseUnknown(state, caseId);
  if (state.status === 'confirmed') return [];
  if (state.status === 'dismissed') {
    throw new Refusal(
      'case-dismissed',
      `case ${caseId} was dismissed here; a new flag on the image opens its next round`,
    );
  }
  const found = categories.length > 0 ? categories : flagged(state);
  const owner = ownerOf(state, facts) ?? accountId;
  return [confirmed(state, caseId, owner, { categories: found, votes: votes ?? tally(state.verdicts) })];
}

export interface Votes {
  safe: number;
  unsafe: number;
  unsure: number;
}

function tally(verdicts: Case['verdicts']): Votes {
  const votes = { safe: 0, unsafe: 0, unsure: 0 };
  for (const { verdict } of verdicts) votes[verdict]++;
  return votes;
}

const flagged = ({ categories }: Case): string[] => [...categories].slice(0, MAX_CATEGORIES).sort();

/** @throws Refusal image-owner-unknown: enforcement needs the account */
function confirmed(
  state: Case,
  caseId: string,
  accountId: string | undefined,
  { categories, votes }: { categories: readonly string[]; votes: Votes },
): CaseEvent {
  if (accountId === undefined) {
    throw new Refusal(
      'image-owner-unknown',
      `case ${caseId} can't be confirmed since the owner of image ${state.imageId} is unknown; send its ImageGenerated`,
    );
  }
  const { imageId, round } = state;
  return { type: 'ReviewConfirmed', data: { caseId, imageId, accountId, categories: [...categories], votes, round } };
}

const hasVoted = (state: Case, reviewer: string): boolean => state.verdicts.some((one) => one.reviewer === reviewer);

function refuseUnknown(state: Case, caseId: string): void {
  if (state.status === 'none') {
    throw new NotFound(
      'case-unknown',
      `there is no case ${caseId}; check the id, or flag the image: a case has the id of its image`,
    );
  }
}

const CONFLICTS: Record<Conflict, (reviewer: string, caseId: string) => string> = {
  'own-flag': (reviewer, caseId) => `${reviewer} flagged the image of case ${caseId}; somebody else has to review it`,
  'own-image': (reviewer, caseId) => `the image of case ${caseId} is ${reviewer}'s own; somebody else has to review it`,
};

function refuseConflict(state: Case, caseId: string, reviewer: string, facts: CaseFacts): void {
  const conflict = conflictOf(state, reviewer, facts);
  if (conflict) throw new Refusal(conflict, CONFLICTS[conflict](reviewer, caseId));
}

function refuseClaimedByOther({ claim }: Case, caseId: string, reviewer: string, now: number): void {
  if (claim && claim.reviewer !== reviewer && now < claim.until) {
    throw new Refusal(
      'case-claimed',
      `case ${caseId} is claimed by another reviewer until ${toIso(claim.until)}; claim another case`,
      {
        until: toIso(claim.until),
      },
    );
  }
}
