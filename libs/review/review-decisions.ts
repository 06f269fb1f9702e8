import { toIso } from '../kernel/clock.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, NotFound, Refusal } from '../kernel/errors.js';
import { type Case, subjectsOf, type Verdict } from './case.js';
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
  /** How sure the flagger is, from 0 to 1. */
  confidence?: number | undefined;
  /** RFC 3339. */
  flaggedAt: string;
  /** The position of the flag's event. */
  position: Position;
  panelSize: number;
  /** How much more confident than all earlier flags a repeated one must be to reopen a dismissed case. */
  confidenceStep: number;
}

export type OpeningSettings = Pick<OpenCase, 'panelSize' | 'confidenceStep'>;

export const openingSettings = (of: { reviewPanel: number; reopenConfidencePercent: number }): OpeningSettings => ({
  panelSize: of.reviewPanel,
  confidenceStep: of.reopenConfidencePercent / 100,
});

/**
 * A flag opens a case, joins an open one, or opens the next round of a dismissed one if it was stored after the dismissal and
 * says something new. A no-op after a confirmation, for a flag with neither a new flagger nor a new category, and beyond
 * MAX_FLAGS.
 */
export function openCase(state: Case, { position, panelSize, confidenceStep, ...flag }: OpenCase): CaseEvent[] {
  if (state.status === 'confirmed' || position <= state.dismissedAt) return [];
  if (state.status === 'dismissed' && !saysMore(state, flag, confidenceStep)) return [];
  const { imageId, accountId, flagId, flaggedBy, flaggedAt, confidence } = flag;
  const categories = [...new Set(flag.categories)].sort();
  const owner = accountId === undefined ? {} : { accountId };
  const sureness = confidence === undefined ? {} : { confidence };
  if (state.status === 'open') {
    const isNew = !state.flaggers.has(flaggedBy) || categories.some((label) => !state.categories.has(label));
    if (!isNew || state.flags >= MAX_FLAGS) return [];
    return [{ type: 'CaseJoined', data: { caseId: imageId, ...owner, flagId, flaggedBy, categories, ...sureness } }];
  }
  const round = state.round + 1;
  return [
    {
      type: 'CaseOpened',
      data: {
        caseId: imageId,
        imageId,
        ...owner,
        round,
        panelSize,
        flagId,
        flaggedBy,
        categories,
        ...sureness,
        flaggedAt,
      },
    },
  ];
}

/** Confidences are compared in thousandths: sums of decimal fractions are not exact. */
const THOUSAND = 1_000;

/** True for a category that is new, a flagger who is new to it, or a confidence that is higher by the step. */
function saysMore(
  state: Case,
  flag: Pick<OpenCase, 'flaggedBy' | 'categories' | 'confidence'>,
  confidenceStep: number,
): boolean {
  const { confidence = 0 } = flag;
  const isSurer = Math.round((confidence - state.confidence) * THOUSAND) >= Math.round(confidenceStep * THOUSAND);
  return isSurer || subjectsOf(flag).some((subject) => !state.flagged.has(subject));
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
 * @throws NotFound case-unknown; Refusal case-parked, case-not-open, own-flag, own-image, already-reviewed, case-claimed
 */
export function claimCase(state: Case, { caseId, reviewer, now, leaseMs }: ClaimCase, facts: CaseFacts): CaseEvent[] {
  refuseIncomplete(state, caseId, facts);
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
  /** The outside review tool, which does not know the claims made here, and whose reviewers are not ours. */
  reviewerSource?: string;
  /** From an outside review tool: the number of reviewers who decide this case, if that is more than the setting says. */
  panelSize?: number;
  note?: string;
}

/**
 * The verdict and, if it completes the panel, the decision: a strict majority of `unsafe` confirms. A no-op if the case
 * is decided or the reviewer has voted. The verdict of somebody who may not review the case any more decides nothing, nor
 * does `unsure`: another reviewer takes that place. In a panel that an outside tool gave, `unsure` counts as well.
 * @throws NotFound case-unknown; Refusal case-parked, own-flag, own-image, case-claimed, image-owner-unknown, image-parked
 */
export function giveVerdict(state: Case, command: GiveVerdict, facts: CaseFacts): CaseEvent[] {
  const { caseId, reviewer, reviewerSource, verdict, now, answerTimeMs, note } = command;
  const panelSize = command.panelSize && Math.max(command.panelSize, state.panelSize);
  refuseIncomplete(state, caseId, facts);
  if (state.status !== 'open' || hasVoted(state, reviewer, reviewerSource)) return [];
  refuseConflict(state, caseId, reviewer, facts);
  if (reviewerSource === undefined) refuseClaimedByOther(state, caseId, reviewer, now);

  const given: CaseEvent = {
    type: 'VerdictGiven',
    data: {
      caseId,
      reviewer,
      verdict,
      ...(answerTimeMs !== undefined && { answerTimeMs }),
      ...(panelSize !== undefined && { panelSize }),
      ...(reviewerSource !== undefined && { reviewerSource }),
      ...(note !== undefined && { note }),
    },
  };
  // Who has flagged the image since, or is known as its owner only now, does not decide either.
  const latest = { reviewer, verdict, source: reviewerSource };
  const verdicts = [...state.verdicts, latest].filter((one) => !conflictOf(state, one.reviewer, facts));
  const votes = tally(verdicts);
  const isPanelGiven = state.isPanelGiven || panelSize !== undefined;
  const counted = isPanelGiven ? verdicts : verdicts.filter((one) => one.verdict !== 'unsure');
  if (counted.length < (panelSize ?? state.panelSize)) return [given];

  if (votes.unsafe * 2 > counted.length) {
    const decision = { categories: flagged(state), votes, ...named(counted) };
    return [given, confirmed(state, caseId, ownerOf(state, facts), decision)];
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
  { caseId, accountId, categories, votes, reviewers = [], reviewerSource }: ImportReviewConfirmed,
  facts: CaseFacts,
): CaseEvent[] {
  refuseIncomplete(state, caseId, facts);
  if (state.status === 'confirmed') return [];
  if (state.status === 'dismissed') {
    throw new Refusal(
      'case-dismissed',
      `case ${caseId} was dismissed here; a new flag on the image opens its next round`,
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
  const decision = { categories: found, votes: votes ?? tally(state.verdicts), reviewers, reviewerSource };
  return [confirmed(state, caseId, owner, decision)];
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

interface Decision extends Reviewers {
  categories: readonly string[];
  votes: Votes;
}

interface Reviewers {
  reviewers: readonly string[];
  /** Of all of them; undefined if they are ours. */
  reviewerSource?: string | undefined;
  /** If they are of several systems: of each; empty for ours. */
  reviewerSources?: readonly string[];
}

function named(verdicts: Case['verdicts']): Reviewers {
  const reviewers = verdicts.map(({ reviewer }) => reviewer);
  const [source, ...others] = new Set(verdicts.map((one) => one.source));
  if (others.length === 0) return { reviewers, reviewerSource: source };
  return { reviewers, reviewerSources: verdicts.map((one) => one.source ?? '') };
}

/** @throws Refusal image-owner-unknown: enforcement needs the account */
function confirmed(
  state: Case,
  caseId: string,
  accountId: string | undefined,
  { categories, votes, reviewers, reviewerSource, reviewerSources }: Decision,
): CaseEvent {
  if (accountId === undefined) {
    throw new Refusal(
      'image-owner-unknown',
      `case ${caseId} can't be confirmed since the owner of image ${state.imageId} is unknown; send its ImageGenerated`,
    );
  }
  const { imageId, round } = state;
  const found = { categories: [...categories], votes, round, reviewers: [...reviewers] };
  const source = reviewerSource === undefined ? {} : { reviewerSource };
  const sources = reviewerSources === undefined ? {} : { reviewerSources: [...reviewerSources] };
  return { type: 'ReviewConfirmed', data: { caseId, imageId, accountId, ...found, ...source, ...sources } };
}

const hasVoted = (state: Case, reviewer: string, source?: string): boolean =>
  state.verdicts.some((one) => one.reviewer === reviewer && one.source === source);

function refuseUnknown(state: Case, caseId: string): void {
  if (state.status === 'none') {
    throw new NotFound(
      'case-unknown',
      `there is no case ${caseId}; check the id, or flag the image: a case has the id of its image`,
    );
  }
}

/** A flag that can't be processed may be one that opens the case, or the reviewer's own. */
export function refuseIncomplete(state: Case, caseId: string, { isCaseParked }: CaseFacts): void {
  if (isCaseParked && state.status !== 'confirmed') {
    throw new Refusal(
      'case-parked',
      `a flag of image ${caseId} can't be processed: GET /v1/views shows the parked keys of case-opening with their errors; fix the cause, then try again`,
    );
  }
  refuseUnknown(state, caseId);
}

const CONFLICTS: Record<Conflict, (reviewer: string, caseId: string) => string> = {
  'own-flag': (reviewer, caseId) => `${reviewer} flagged the image of case ${caseId}; somebody else has to review it`,
  'own-image': (reviewer, caseId) => `the image of case ${caseId} is ${reviewer}'s own; somebody else has to review it`,
};

export function refuseConflict(state: Case, caseId: string, reviewer: string, facts: CaseFacts): void {
  if (facts.isParked) {
    throw new Refusal(
      'image-parked',
      `the owner of image ${state.imageId} is uncertain since the images view left out an event of it; rebuild that view`,
    );
  }
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
