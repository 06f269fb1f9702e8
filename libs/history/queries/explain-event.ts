import type { Context } from '../../context/context.js';
import type { EventStore } from '../../event-store/event-store.js';
import { isUsable } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { GatehouseError } from '../../kernel/errors.js';
import { EarlierEvents, ReadOnce } from './earlier-events.js';
import { explainImposed, explainOrder } from './explain-enforcement.js';
import { explainReview } from './explain-review.js';
import { explainStored } from './explain-stored.js';
import { type Explanation, holds } from './explanation.js';

type Explain = (event: RecordedEvent, earlier: EarlierEvents) => Promise<Explanation | undefined>;

/** Those whose rules are better shown one by one than by what the decision would have refused. */
const IN_DETAIL: Readonly<Record<string, Explain>> = {
  EnforcementOrdered: explainOrder,
  AccountDeactivated: explainImposed,
  DeactivationCauseAdded: explainImposed,
  AccountSuspended: explainImposed,
  AccountRestricted: explainImposed,
  StrikeIssued: explainImposed,
  ReviewConfirmed: explainReview,
  ReviewDismissed: explainReview,
  ModelProblemFound: explainReview,
};

/** Makes decisions again on their history, by the functions that made them. */
export class Explanations {
  private readonly read: ReadOnce;

  /** For one question: what it reads is kept. */
  constructor(
    store: EventStore,
    private readonly contexts: readonly Pick<Context, 'decisionsAgain'>[],
  ) {
    this.read = new ReadOnce(store);
  }

  /** Undefined if no decision made the event, or if it rested on more than the log has. */
  async of(event: RecordedEvent): Promise<Explanation | undefined> {
    if (!isUsable(event)) return undefined;
    const earlier = new EarlierEvents(this.read, event.position);
    try {
      const inDetail = await IN_DETAIL[event.type]?.(event, earlier);
      if (inDetail) return { ...inDetail, ...restedOn(event, earlier) };
      const stored = await explainStored(event, earlier, this.contexts);
      return stored && { ...stored.explanation, ...restedOn(event, stored.read) };
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      const rules = [holds(error.code, false, error.message)];
      return { rules, decided: null, agrees: false, ...restedOn(event, earlier) };
    }
  }
}

/** What the decision looked at beside its own stream. */
function restedOn({ stream }: RecordedEvent, read: EarlierEvents): Pick<Explanation, 'restedOn'> {
  const found = read.restedOn(stream);
  return found.length === 0 ? {} : { restedOn: found };
}
