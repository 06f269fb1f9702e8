import type { EventStore } from '../../event-store/event-store.js';
import { isUsable } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import { EarlierEvents } from './earlier-events.js';
import { explainImposed, explainOrder } from './explain-enforcement.js';
import { explainReview } from './explain-review.js';
import { explainRollout } from './explain-rollout.js';
import { type Explanation, holds } from './explanation.js';

type Explain = (event: RecordedEvent, earlier: EarlierEvents) => Promise<Explanation | undefined>;

/** The decisions that can be made again from the log alone: the others rest on what is in no event. */
const EXPLAINED: Readonly<Record<string, Explain>> = {
  EnforcementOrdered: explainOrder,
  AccountDeactivated: explainImposed,
  DeactivationCauseAdded: explainImposed,
  AccountSuspended: explainImposed,
  AccountRestricted: explainImposed,
  StrikeIssued: explainImposed,
  ReviewConfirmed: explainReview,
  ReviewDismissed: explainReview,
  ModelProblemFound: explainReview,
  OnboardingRateSet: explainRollout,
  OnboardingPaused: explainRollout,
  OnboardingResumed: explainRollout,
  CohortAdmitted: explainRollout,
};

/** Makes the decision behind an event again on its history; undefined if that can't be done from the log alone. */
export async function explainEvent(
  event: RecordedEvent,
  store: Pick<EventStore, 'readStream'>,
): Promise<Explanation | undefined> {
  const explain = isUsable(event) ? EXPLAINED[event.type] : undefined;
  try {
    return await explain?.(event, new EarlierEvents(store, event.position));
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return { rules: [holds(error.code, false, error.message)], decided: null, agrees: false };
  }
}
