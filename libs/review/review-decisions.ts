import { toIso } from '../kernel/clock.js';
import type { Position } from '../kernel/envelope.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import type { Case, Verdict } from './case.js';
import { type CaseFacts, type Conflict, conflictOf, ownerOf } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';

/**
 * Flags that a round takes in. Beyond them one more tells a reviewer nothing, and every flag has the case read; who flags
 * is then noted apart.
 */
export const MAX_FLAGS = 200;
/** What flags call wrong with an image, as far as one event carries it: the first that were named. */
const MAX_CATEGORIES = 20;

export interface OpenCase {
  imageId: string;
  /** The account the image was made for, where anybody told. */
  accountId?: string;
  /** Identity of the flag's event. */
  flagId: string;
  flaggedBy: string;
  categories: readonly string[];
  /** RFC 3339. */
  flaggedAt: string;
  /** Where the flag stands in the log. */
  position: Position;
  panelSize: number;
}

/**
 * A flag opens a case, joins an open one, or opens the next round of a dismissed one, unless it was stored before the
 * dismissal. After a confirmation nothing opens. A flag that says nothing new changes nothing, nor one beyond those that
 * the round takes in.
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
 * Quiet while the reviewer's own claim lives.
 * @throws NotFound case-unknown; Refusal case-not-open, own-flag, own-image, already-reviewed, case-claimed
 */
export function claimCase(state: Case, { caseId, reviewer, now, leaseMs }: ClaimCase, facts: CaseFacts): CaseEvent[] {
  refuseUnknown(state, caseId);
  if (state.status !== 'open')
    throw new Refusal('case-not-open', `case ${caseId} is ${state.status}; claim an open one`);
  refuseConflict(state, caseId, reviewer, facts);
  if (hasVoted(state, reviewer))
    throw new Refusal('already-reviewed', `${reviewer} gave a verdict on case ${caseId}; claim another`);
  refuseClaimedByOther(state, caseId, reviewer, now);
  if (state.claim && now < state.claim.until) return [];
  return [{ type: 'CaseClaimed', data: { caseId, reviewer, until: toIso(now + leaseMs) } }];
}

/** Quiet when the reviewer holds no claim. @throws NotFound case-unknown */
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
  /** By a reviewer of an outside tool: claims made here are not theirs to know. */
  fromOutside?: boolean;
  /** From an outside review tool: how many reviewers decide this case. */
  panelSize?: number;
  note?: string;
}

/**
 * The verdict and, when it completes the panel, the decision: a strict majority of `unsafe` confirms. Quiet when the case
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

/** A ReviewConfirmed of another system, as a command. */
export interface ImportReviewConfirmed {
  caseId: string;
  /** Whose the image is, should nobody here have been told. */
  accountId?: string;
  categories: readonly string[];
  votes?: Votes;
}

/**
 * Confirms an open case on another system's word; quiet when it is confirmed already.
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

/** Enforcement needs the image's account. */
function confirmed(
  state: Case,
  caseId: string,
  accountId: string | undefined,
  { categories, votes }: { categories: readonly string[]; votes: Votes },
): CaseEvent {
  if (accountId === undefined) {
    throw new Refusal(
      'image-owner-unknown',
      `whose image ${state.imageId} is was never told, so case ${caseId} can't be confirmed; send its ImageGenerated`,
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
      `there is no case ${caseId}; a flag on an image opens the case of the image's id`,
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
      `case ${caseId} is claimed by another reviewer until ${toIso(claim.until)}; take another`,
      {
        until: toIso(claim.until),
      },
    );
  }
}
