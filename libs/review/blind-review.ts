import type { Actor } from '../kernel/envelope.js';
import { type Case, type GivenVerdict, isOurs } from './case.js';

type Reader = Pick<Actor, 'id' | 'role'>;

/** A verdict as the case or its view has it. */
type Judged = Pick<GivenVerdict, 'reviewer' | 'source'> & { finalAt?: number | string };

/**
 * Whether the other verdicts of an open case are hidden from a person: from reviewers until they have given their own, from
 * leads while they hold the claim, and from both while they could take their own back and give another.
 * @param claimant who holds the claim, if anybody does
 * @param now epoch milliseconds
 */
export function isBlind(
  verdicts: readonly Judged[],
  claimant: string | undefined,
  { id, role }: Reader,
  now: number,
): boolean {
  const own = verdicts.find((one) => isOurs(one, id));
  if (own) return own.finalAt !== undefined && now < new Date(own.finalAt).getTime();
  return role === 'reviewer' || claimant === id;
}

/** Whether the reader may not know what others said, nor that they did. @param now epoch milliseconds */
export const isHiddenFrom = ({ status, claim, verdicts }: Case, reader: Reader, now: number): boolean =>
  status === 'open' && isBlind(verdicts, claim && now < claim.until ? claim.reviewer : undefined, reader, now);

/** The verdicts that the reader may know. @param now epoch milliseconds */
export const knownVerdicts = (state: Case, reader: Reader, now: number): readonly GivenVerdict[] =>
  isHiddenFrom(state, reader, now) ? state.verdicts.filter((one) => isOurs(one, reader.id)) : state.verdicts;
