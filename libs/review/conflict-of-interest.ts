import type { Case } from './case.js';
import type { Queue } from './queue-rules.js';
import type { Reviewer } from './reviewer.js';

/** Why a person may not review a case. */
export const CONFLICTS = ['own-flag', 'own-image', 'linked-account', 'own-decision'] as const;
export type Conflict = (typeof CONFLICTS)[number];

/** Which cases that one reviewer decides get a second one. */
export interface FurtherReviewFacts {
  /** Whether the case is in the sample. */
  isSampled: boolean;
  /** Whether each case gets one that would deactivate its account, and whether a confirmation under this clause would. */
  deactivates(clause: string | undefined): boolean;
}

/** Facts for a decision about a case that are not in the case's own events. */
export interface CaseFacts {
  /** The account that generated the image, if the image's own record is known. */
  owner?: string;
  /** Whether that record may be incomplete, since the images view left out an event of the image. */
  isParked?: boolean;
  /** Whether a flag of the image can't be processed, so that the case lacks it and those after it. */
  isCaseParked?: boolean;
  /** By reviewer: the last round in which they flagged the image although the case does not have the flag; 0 for none. */
  notedRounds?: ReadonlyMap<string, number>;
  /** By reviewer: the accounts to which they are linked. */
  links?: ReadonlyMap<string, ReadonlySet<string>>;
  /** The queue of the case and, by reviewer, what they can review. */
  needs?: { queue: Queue; reviewers: ReadonlyMap<string, Reviewer> } | undefined;
  /** Those of the people with the skill `severe`; absent where it does not matter. */
  severeViewers?: ReadonlySet<string> | undefined;
  /** The clauses of the content policy in force; empty if it has none. */
  clauses?: ReadonlySet<string>;
  /** By clause of any version of the content policy: the highest severity. Absent ones are unknown. Null without clauses. */
  severities?: ReadonlyMap<string, number> | null;
  /** Absent if no case needs a further review. */
  furtherReview?: FurtherReviewFacts;
}

/**
 * Nobody reviews an image that they flagged, in any round, nor their own image or that of an account they are linked to, nor
 * judges again what they have confirmed.
 */
export function conflictOf(state: Case, reviewer: string, facts: CaseFacts): Conflict | undefined {
  if (state.everFlagged.has(reviewer) || (facts.notedRounds?.get(reviewer) ?? 0) > 0) return 'own-flag';
  const owner = ownerOf(state, facts);
  if (owner === reviewer) return 'own-image';
  if (owner !== undefined && facts.links?.get(reviewer)?.has(owner)) return 'linked-account';
  return state.status === 'open' && state.inForce?.deciders.has(reviewer) ? 'own-decision' : undefined;
}

/** The account that generated the image. The image's own record takes precedence over flags. */
export const ownerOf = ({ accountId }: Case, { owner }: CaseFacts): string | undefined => owner ?? accountId;
