import type { Actor } from '../kernel/envelope.js';
import { type GivenVerdict, isOurs } from './case.js';

/**
 * Whether the other verdicts of an open case are hidden from a person, who may still give their own: from reviewers always,
 * from leads while they hold the claim.
 * @param claimant who holds the claim, if anybody does
 */
export const isBlind = (
  verdicts: readonly Pick<GivenVerdict, 'reviewer' | 'source'>[],
  claimant: string | undefined,
  { id, role }: Pick<Actor, 'id' | 'role'>,
): boolean => (role === 'reviewer' || claimant === id) && !verdicts.some((one) => isOurs(one, id));
