import type { Case } from './case.js';

/** Why somebody does not review a case. */
export type Conflict = 'own-flag' | 'own-image';

/** What a decision about a case has to know and the case's own events don't tell. */
export interface CaseFacts {
  /** The account that the image's own record says it was made for, where there is one. */
  owner?: string;
  /** Of whoever is to review: the last round in which they flagged beyond the flags that the case takes in. */
  notedRound?: number;
}

/** Nobody reviews what they flagged in the round in force, nor their own image; at every door and decision point. */
export function conflictOf(state: Case, reviewer: string, facts: CaseFacts): Conflict | undefined {
  if (state.flaggers.has(reviewer) || facts.notedRound === state.round) return 'own-flag';
  return ownerOf(state, facts) === reviewer ? 'own-image' : undefined;
}

/** The account the image was made for. The image's own record goes before what anybody else says of it. */
export const ownerOf = ({ accountId }: Case, { owner }: CaseFacts): string | undefined => owner ?? accountId;
