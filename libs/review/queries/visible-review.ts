import { toIso } from '../../kernel/clock.js';
import type { Actor } from '../../kernel/envelope.js';
import { isBlind } from '../blind-review.js';
import { type Case, isOurs } from '../case.js';

/** Whether the reader may not know what others said, nor that they did. @param now epoch milliseconds */
export const isHiddenFrom = ({ status, claim, verdicts }: Case, reader: Actor, now: number): boolean =>
  status === 'open' && isBlind(verdicts, claim && now < claim.until ? claim.reviewer : undefined, reader);

/**
 * Who works on a case and what they said, as far as the reader may see it.
 * @param now epoch milliseconds
 */
export function visibleReview(state: Case, reader: Actor, now: number) {
  const { status, verdicts } = state;
  const claim = state.claim && now < state.claim.until ? state.claim : undefined;
  const reserved = state.reserved && now < state.reserved.until ? state.reserved : undefined;
  const isHidden = isHiddenFrom(state, reader, now);
  return {
    status: status === 'none' ? ('open' as const) : status === 'open' && claim ? ('claimed' as const) : status,
    reservedFor: reserved?.reviewer ?? null,
    reservedUntil: reserved ? toIso(reserved.until) : null,
    claim: claim
      ? {
          reviewer: claim.reviewer,
          until: toIso(claim.until),
          token: claim.reviewer === reader.id ? claim.token : null,
        }
      : null,
    verdict: verdicts.find((one) => isOurs(one, reader.id))?.verdict ?? null,
    verdicts: isHidden
      ? []
      : verdicts.map(({ finalAt, ...given }) => ({
          ...given,
          ...(finalAt !== undefined && { finalAt: toIso(finalAt) }),
        })),
  };
}
