import { isOf } from '../../events/event-definition.js';
import { toIso } from '../../kernel/clock.js';
import type { Actor, RecordedEvent } from '../../kernel/envelope.js';
import { isHiddenFrom, knownVerdicts } from '../blind-review.js';
import { type Case, isOurs } from '../case.js';
import { GoldenCaseAnswered, GoldenCaseWithdrawn } from '../golden-events.js';
import { undecided } from '../verdict-decisions.js';
import { seesOrigin } from './reviewing-roles.js';

/** What would show a reviewer whose verdict is not final that others have judged. */
const WORK = ['CaseClaimed', 'CaseReleased', 'VerdictGiven', 'VerdictWithdrawn'];

const GOLDEN_SHOWN_AS = {
  confirmed: 'ReviewConfirmed',
  dismissed: 'ReviewDismissed',
  'model-problem': 'ModelProblemFound',
} as const;

/** The type that an event shows in a case's history: the end of a golden case is that of another to who may not know it. */
export function shownType(event: RecordedEvent, reader: Actor): string {
  if (!seesOrigin(reader)) {
    if (isOf(GoldenCaseAnswered, event)) return GOLDEN_SHOWN_AS[event.data.outcome];
    if (isOf(GoldenCaseWithdrawn, event)) return GOLDEN_SHOWN_AS.dismissed;
  }
  return event.type;
}

/** The case's events, without those from which the reader could tell that others have judged. @param now epoch milliseconds */
export function visibleHistory(
  history: readonly RecordedEvent[],
  state: Case,
  reader: Actor,
  now: number,
): readonly RecordedEvent[] {
  if (!isHiddenFrom(state, reader, now)) return history;
  // The reader's own verdict may be what required another, which says whether it agreed with the first.
  return history.filter(
    ({ type, metadata }) =>
      type !== 'FurtherReviewRequired' && !(WORK.includes(type) && metadata.actor.id !== reader.id),
  );
}

/**
 * Who works on a case and what they said, as far as the reader may see it.
 * @param now epoch milliseconds
 */
export function visibleReview(state: Case, reader: Actor, now: number) {
  const { status, verdicts } = state;
  const claim = state.claim && now < state.claim.until ? state.claim : undefined;
  const reserved = state.reserved && now < state.reserved.until ? state.reserved : undefined;
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
    verdicts: knownVerdicts(state, reader, now).map(({ finalAt, ...given }) => ({
      ...given,
      ...(finalAt !== undefined && { finalAt: toIso(finalAt) }),
    })),
  };
}

/**
 * When an open case is decided, as far as the reader may know: who can still take their verdict back must not learn from it
 * that others are to judge too.
 * @param now epoch milliseconds
 * @returns epoch milliseconds; undefined while more verdicts are needed
 */
export function visibleDecision(state: Case, reader: Actor, now: number): number | undefined {
  if (state.status !== 'open') return undefined;
  const verdictsNeeded = isHiddenFrom(state, reader, now) ? 0 : state.verdictsNeeded;
  return undecided({ ...state, verdicts: knownVerdicts(state, reader, now), verdictsNeeded }, {})?.finalAt;
}
