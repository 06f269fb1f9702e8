import { toIso } from '../kernel/clock.js';
import { fold } from '../kernel/decider.js';
import { InvalidInput, Refusal } from '../kernel/errors.js';
import { type Case, caseStream, type GivenVerdict, isOurs, type Verdict } from './case.js';
import { type CaseFacts, conflictOf, ownerOf } from './conflict-of-interest.js';
import type { CaseEvent } from './events.js';
import { requireFurtherReview } from './further-review.js';
import { answerInstead } from './golden-answers.js';
import { CASE_REOPENED, overturning } from './overturning.js';
import {
  refuseClosed,
  refuseConflict,
  refuseGoldenFromOutside,
  refuseIncomplete,
  refuseUnknown,
  refuseUnknownClause,
  refuseWithoutClaim,
} from './refusals.js';
import { isWithheldBy, refuseWithholding } from './withholding.js';

/** Maximum categories in a decision event: the first that flags named. */
const MAX_CATEGORIES = 20;

interface GiveVerdictBase {
  caseId: string;
  reviewer: string;
  verdict: Verdict;
  /** The violated clause; an `unsafe` verdict of our reviewers has one, and a rationale. */
  clause?: string;
  rationale?: string;
  /** Of a `model-problem`: whether nobody may share, download or flag the image any more. */
  withhold?: boolean;
  answerTimeMs?: number;
  note?: string;
  /** Epoch milliseconds. */
  now: number;
}

/** A verdict of one of our reviewers, who has claimed the case. */
export interface GiveVerdict extends GiveVerdictBase {
  /** The fencing token of the claim. */
  token: number;
  /** How long the verdict can be taken back. */
  windowMs: number;
}

/** A verdict from an outside review tool, which does not know the claims made here, and whose reviewers are not ours. */
export interface ImportVerdict extends GiveVerdictBase {
  reviewerSource: string;
  /** The number of reviewers who decide this case there, if that is more than the setting says. */
  panelSize?: number;
}

/**
 * The verdict and, if it completes the panel and can't be taken back, the decision, or the demand for a further review. A strict majority of `unsafe` confirms
 * the case, one of `model-problem` closes it as such (and withholds the image if most of those want that), anything else dismisses it. A no-op if the reviewer has given
 * this verdict; from outside also if they have given another one, or if the case is decided. The verdict of somebody who may not review the case any more decides nothing, nor does `unsure`:
 * another reviewer takes that place. In a panel that an outside tool gave, `unsure` counts as well.
 * @throws NotFound case-unknown; InvalidInput
 * @throws Refusal case-parked, already-reviewed, case-not-open, image-parked, own-flag, own-image, linked-account, claim-lost,
 * clause-unknown, image-owner-unknown
 */
export function giveVerdict(state: Case, command: GiveVerdict | ImportVerdict, facts: CaseFacts): CaseEvent[] {
  const { caseId, reviewer, verdict, clause, rationale, withhold, answerTimeMs, note, now } = command;
  const ours = 'token' in command ? command : undefined;
  const outside = 'reviewerSource' in command ? command : undefined;
  refuseWithholding(command);
  refuseIncomplete(state, caseId, facts);
  if (outside) refuseGoldenFromOutside(state, caseId);
  if (ours ? isRepeated(state, ours) : state.status !== 'open' || hasVoted(state, reviewer, outside?.reviewerSource))
    return [];
  if (ours) refuseClosed(state, caseId);
  refuseConflict(state, caseId, reviewer, facts);
  if (ours) {
    refuseWithoutClaim(state, ours);
    refuseUnfounded(ours, facts);
  }
  const given: CaseEvent = {
    type: 'VerdictGiven',
    data: {
      caseId,
      reviewer,
      verdict,
      ...(clause !== undefined && { clause }),
      ...(rationale !== undefined && { rationale }),
      ...(withhold && { withhold }),
      ...(ours && ours.windowMs > 0 && { finalAt: toIso(now + ours.windowMs) }),
      ...(answerTimeMs !== undefined && { answerTimeMs }),
      ...(outside && { reviewerSource: outside.reviewerSource }),
      ...(outside?.panelSize !== undefined && { panelSize: Math.max(outside.panelSize, state.panelSize) }),
      ...(note !== undefined && { note }),
    },
  };
  return [given, ...decideIfFinal(fold(caseStream, [given], state), caseId, now, facts)];
}

/**
 * Decides a case whose verdicts are complete and can't be taken back any more; otherwise a no-op.
 * @param now epoch milliseconds
 * @throws NotFound case-unknown; Refusal case-parked, image-parked, image-owner-unknown
 */
export function closeVerdicts(
  state: Case,
  { caseId, now }: { caseId: string; now: number },
  facts: CaseFacts,
): CaseEvent[] {
  refuseIncomplete(state, caseId, facts);
  return state.status === 'open' ? decideIfFinal(state, caseId, now, facts) : [];
}

/**
 * Takes the reviewer's own verdict back. A no-op if they have none.
 * @param now epoch milliseconds
 * @throws NotFound case-unknown; Refusal verdict-final
 */
export function withdrawVerdict(
  state: Case,
  { caseId, reviewer, now }: { caseId: string; reviewer: string; now: number },
): CaseEvent[] {
  refuseUnknown(state, caseId);
  const own = state.verdicts.find((one) => isOurs(one, reviewer));
  if (!own) return [];
  if (state.status === 'open' && own.finalAt !== undefined && now < own.finalAt)
    return [{ type: 'VerdictWithdrawn', data: { caseId, reviewer } }];
  throw new Refusal(
    'verdict-final',
    `the verdict of ${reviewer} on case ${caseId} is final: GATEHOUSE_VERDICT_WINDOW_MS says how long one can be taken back; ask a lead to reopen the case`,
  );
}

/** The verdicts that would decide an open case, and until when one of them can be taken back, if one can. */
export interface Undecided {
  counted: GivenVerdict[];
  /** All that may decide, `unsure` too. */
  valid: GivenVerdict[];
  /** Epoch milliseconds. */
  finalAt?: number;
}

/** @returns undefined if more verdicts are needed */
export function undecided(state: Case, facts: CaseFacts): Undecided | undefined {
  // Who has flagged the image since, or is known as its owner only now, does not decide.
  const valid = state.verdicts.filter((one) => !conflictOf(state, one.reviewer, facts));
  const counted = state.isPanelGiven ? valid : valid.filter((one) => one.verdict !== 'unsure');
  if (counted.length < Math.max(state.panelSize, state.verdictsNeeded)) return undefined;
  const ends = counted.flatMap(({ finalAt }) => finalAt ?? []);
  return { counted, valid, ...(ends.length > 0 && { finalAt: Math.max(...ends) }) };
}

function decideIfFinal(state: Case, caseId: string, now: number, facts: CaseFacts): CaseEvent[] {
  const verdicts = undecided(state, facts);
  if (!verdicts) return [];
  const { counted, valid } = verdicts;
  // At once, also while a verdict can be taken back: so the next reviewer need not wait.
  const further = requireFurtherReview(state, caseId, counted, facts);
  if (further.length > 0) return further;
  if (verdicts.finalAt !== undefined && now < verdicts.finalAt) return [];
  const decision = decisionOf(state, caseId, verdicts, facts);
  if (state.golden) return [answerInstead(state, caseId, decision, valid)];
  return [...undoing(state, caseId, decision), decision];
}

/** A round of a reopened case that does not confirm it ends what the confirmation before has led to. */
export const undoing = (state: Case, caseId: string, { type }: Pick<CaseEvent, 'type'>): CaseEvent[] =>
  type === 'ReviewUpheld' ? [] : overturning(state, caseId, CASE_REOPENED, state.round);

/**
 * What the verdicts of a round come to. A confirmation while another is in force confirms that one again: a confirmed review is
 * enforced once.
 * @throws Refusal image-owner-unknown
 */
function decisionOf(state: Case, caseId: string, { counted, valid }: Undecided, facts: CaseFacts) {
  const votes = tally(valid);
  const isMajority = (number = 0) => number * 2 > counted.length;
  if (isMajority(votes.unsafe)) {
    const clause = clauseOf(counted, facts);
    const decision = { categories: flagged(state), clause, votes, ...named(counted) };
    return confirmed(state, caseId, ownerOf(state, facts), decision);
  }
  const accountId = ownerOf(state, facts);
  const data = {
    caseId,
    imageId: state.imageId,
    ...(accountId !== undefined && { accountId }),
    categories: flagged(state),
    votes,
    round: state.round,
  };
  if (!isMajority(votes.modelProblem)) return { type: 'ReviewDismissed' as const, data };
  const withhold = isWithheldBy(counted) && { withhold: true };
  return { type: 'ModelProblemFound' as const, data: { ...data, ...withhold } };
}

const FOUNDING = {
  clause: 'which clause of the content policy the image violates',
  rationale: 'why it violates the clause',
};

/** @throws InvalidInput; Refusal clause-unknown */
function refuseUnfounded(given: GiveVerdict, facts: CaseFacts): void {
  const { verdict, clause } = given;
  if (verdict === 'unsafe') {
    const missing = Object.entries(FOUNDING).filter(([name]) => given[name as keyof typeof FOUNDING] === undefined);
    if (missing.length > 0) {
      const needed = 'is needed for an unsafe verdict';
      throw new InvalidInput(missing.map(([name, what]) => ({ field: `/${name}`, message: `${needed}: ${what}` })));
    }
  } else if (clause !== undefined) {
    throw new InvalidInput([{ field: '/clause', message: 'is for an unsafe verdict only: leave it out' }]);
  }
  refuseUnknownClause(clause, facts);
}

/** The clause that most `unsafe` verdicts name; of equals the most severe, and of those the first. */
function clauseOf(verdicts: readonly GivenVerdict[], { severities }: CaseFacts): string | undefined {
  const counts = new Map<string, number>();
  for (const { verdict, clause } of verdicts)
    if (verdict === 'unsafe' && clause !== undefined) counts.set(clause, (counts.get(clause) ?? 0) + 1);
  const rank = ([clause, count]: [string, number]) => count * 10 + (severities?.get(clause) ?? 0);
  return [...counts].sort((a, b) => rank(b) - rank(a))[0]?.[0];
}

export interface Votes {
  safe: number;
  unsafe: number;
  unsure: number;
  modelProblem?: number;
}

export function tally(verdicts: readonly GivenVerdict[]): Votes {
  const number = (kind: Verdict) => verdicts.filter(({ verdict }) => verdict === kind).length;
  const modelProblem = number('model-problem');
  return {
    safe: number('safe'),
    unsafe: number('unsafe'),
    unsure: number('unsure'),
    ...(modelProblem > 0 && { modelProblem }),
  };
}

/** The categories that the flags of the round name: not those that a case of the sample only shows. */
export const flagged = ({ categories, sample }: Case): string[] =>
  [...categories]
    .filter((one) => !sample?.categories.includes(one))
    .slice(0, MAX_CATEGORIES)
    .sort();

interface Decision extends Reviewers {
  categories: readonly string[];
  clause?: string | undefined;
  votes: Votes;
}

interface Reviewers {
  reviewers: readonly string[];
  /** Of all of them; undefined if they are ours. */
  reviewerSource?: string | undefined;
  /** If they are of several systems: of each; empty for ours. */
  reviewerSources?: readonly string[];
}

function named(verdicts: readonly GivenVerdict[]): Reviewers {
  const reviewers = verdicts.map(({ reviewer }) => reviewer);
  const [source, ...others] = new Set(verdicts.map((one) => one.source));
  if (others.length === 0) return { reviewers, reviewerSource: source };
  return { reviewers, reviewerSources: verdicts.map((one) => one.source ?? '') };
}

/** @throws Refusal image-owner-unknown: enforcement needs the account */
export function confirmed(
  state: Case,
  caseId: string,
  accountId: string | undefined,
  { categories, clause, votes, reviewers, reviewerSource, reviewerSources }: Decision,
): Extract<CaseEvent, { type: 'ReviewConfirmed' | 'ReviewUpheld' }> {
  if (accountId === undefined) {
    throw new Refusal(
      'image-owner-unknown',
      `case ${caseId} can't be confirmed since the owner of image ${state.imageId} is unknown; send its ImageGenerated`,
    );
  }
  const { imageId, round, inForce } = state;
  const data = {
    ...{ caseId, imageId, accountId, categories: [...categories] },
    ...(clause !== undefined && { clause }),
    ...{ votes, round, reviewers: [...reviewers] },
    ...(reviewerSource !== undefined && { reviewerSource }),
    ...(reviewerSources !== undefined && { reviewerSources: [...reviewerSources] }),
  };
  if (!inForce) return { type: 'ReviewConfirmed', data };
  // Its measures are in force against the account that it names.
  const upheld = { ...data, accountId: inForce.accountId ?? accountId, upheldRound: inForce.round };
  return { type: 'ReviewUpheld', data: upheld };
}

/** Whether it is the verdict that the reviewer has given. @throws Refusal already-reviewed */
function isRepeated({ verdicts }: Case, { caseId, reviewer, verdict, clause, withhold }: GiveVerdict): boolean {
  const own = verdicts.find((one) => isOurs(one, reviewer));
  if (!own) return false;
  if (own.verdict === verdict && own.clause === clause && Boolean(own.withhold) === Boolean(withhold)) return true;
  throw new Refusal(
    'already-reviewed',
    `${reviewer} has given another verdict on case ${caseId}, which stays: take it back first (DELETE /v1/cases/${caseId}/verdicts/mine), or ask a lead to reopen the case`,
  );
}

const hasVoted = (state: Case, reviewer: string, source?: string): boolean =>
  state.verdicts.some((one) => one.reviewer === reviewer && one.source === source);
