import type { ImageLevel } from '../images/index.js';
import type { Actor } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import { knownVerdicts } from './blind-review.js';
import type { Case } from './case.js';
import type { CaseFacts } from './conflict-of-interest.js';
import { refuseConflict, refuseIncomplete, refuseWithoutClaim } from './refusals.js';
import { SEVERE_SKILL } from './reviewer.js';
import { MAX_SEVERITY } from './routing-events.js';

/** What people wrote, which is stored encrypted, and the image, from the least to the most that can be recognized. */
export const REVEAL_LEVELS = ['prompt', 'comments', 'notes', 'blurred', 'grey', 'full'] as const;
export type RevealLevel = (typeof REVEAL_LEVELS)[number];

const TEXTS = ['prompt', 'comments', 'notes'] as const satisfies readonly Exclude<RevealLevel, ImageLevel>[];
export type TextLevel = (typeof TEXTS)[number];

export const isText = (level: RevealLevel): level is TextLevel => TEXTS.some((one) => one === level);

/**
 * What the flags of the round, or its verdicts that the reader may know, name and is, or may be, a clause of the highest severity, whose images have
 * viewers of their own: of a category that no version of the content policy knows, nobody said that it is less severe. A
 * policy without clauses says nothing of severities.
 * @param now epoch milliseconds
 * @returns undefined for none
 */
export function severeClauseOf(
  state: Case,
  { severities }: CaseFacts,
  reader: Pick<Actor, 'id' | 'role'>,
  now: number,
): string | undefined {
  const named = [...state.categories, ...knownVerdicts(state, reader, now).flatMap(({ clause }) => clause ?? [])];
  return severeCategory(named, severities);
}

/** The first of the categories that is a clause of the highest severity, or whose severity is unknown. */
function severeCategory(named: readonly string[], severities: CaseFacts['severities']): string | undefined {
  if (severities === null) return undefined;
  return named.find((one) => severities?.get(one) === MAX_SEVERITY) ?? named.find((one) => !severities?.has(one));
}

/**
 * Whether one of the categories is a clause of the highest severity, whose cases are for those with the skill alone. A case of
 * an unknown category is for all, though its image is not: otherwise nobody would notice that the policy lacks it.
 */
export const namesSevereClause = (named: readonly string[], severities: CaseFacts['severities']): boolean =>
  named.some((one) => severities?.get(one) === MAX_SEVERITY);

export interface Reveal {
  caseId: string;
  reviewer: string;
  role?: Actor['role'];
  isLead?: boolean;
  level: RevealLevel;
  /** The fencing token of their claim, if they named it. */
  token?: number;
  /** Whether they may look at images of cases that name a clause of the highest severity, or an unknown one. */
  isSevereViewer: boolean;
  /** Whether they have claimed an appeal against the case: then they need no claim on the case, which is closed. */
  isHearing?: boolean;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * Only the reviewer who holds the claim, or hears an appeal against the case, may look, and not at their own image or flag.
 * Leads read without a claim what reviewers wrote.
 * @throws NotFound case-unknown
 * @throws Refusal case-parked, image-parked, own-flag, own-image, linked-account, claim-lost, case-not-claimed,
 * severe-content
 */
export function checkReveal(state: Case, reveal: Reveal, facts: CaseFacts): void {
  const { caseId, reviewer, token, now } = reveal;
  refuseIncomplete(state, caseId, facts);
  refuseConflict(state, caseId, reviewer, facts);
  if (token !== undefined) refuseWithoutClaim(state, { caseId, reviewer, token });
  const { claim } = state;
  const isRead = reveal.isHearing || (reveal.isLead && reveal.level === 'notes');
  if (!isRead && (claim?.reviewer !== reviewer || now >= claim.until)) {
    throw new Refusal(
      'case-not-claimed',
      `${reviewer} has not claimed case ${caseId}, or the claim has ended: claim it`,
    );
  }
  if (!isText(reveal.level)) refuseSevere(state, reveal, facts);
}

/** @throws Refusal severe-content */
export function refuseSevere(
  state: Case,
  { caseId, reviewer, role, isSevereViewer, now }: Omit<Reveal, 'level' | 'token' | 'isHearing' | 'isLead'>,
  facts: CaseFacts,
): void {
  const clause = severeClauseOf(state, facts, { id: reviewer, ...(role && { role }) }, now);
  if (clause === undefined || isSevereViewer) return;
  const why = facts.severities?.has(clause)
    ? `a clause of the highest severity: ${reviewer} may neither claim it nor see its image`
    : `whose severity no version of the content policy says: ${reviewer} may not see its image`;
  throw new Refusal(
    'severe-content',
    `case ${caseId} names ${clause}, ${why}. Leave it to those with the skill ${SEVERE_SKILL}, which administrators grant (PUT /v1/reviewers/{id}/skills)`,
    { clause },
  );
}
