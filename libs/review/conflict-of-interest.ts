import type { Case } from './case.js';

/** Why a person may not review a case. */
export type Conflict = 'own-flag' | 'own-image';

/** Facts for a decision about a case that are not in the case's own events. */
export interface CaseFacts {
  /** The account that generated the image, if the image's own record is known. */
  owner?: string;
  /** The last round in which the reviewer flagged the image after the case had reached its limit of flags. */
  notedRound?: number;
}

/** Nobody reviews an image that they flagged in the current round, nor their own image. */
export function conflictOf(state: Case, reviewer: string, facts: CaseFacts): Conflict | undefined {
  if (state.flaggers.has(reviewer) || facts.notedRound === state.round) return 'own-flag';
  return ownerOf(state, facts) === reviewer ? 'own-image' : undefined;
}

/** The account that generated the image. The image's own record takes precedence over flags. */
export const ownerOf = ({ accountId }: Case, { owner }: CaseFacts): string | undefined => owner ?? accountId;
