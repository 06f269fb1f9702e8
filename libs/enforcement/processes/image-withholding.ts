import type { OwnEventIds } from '../../event-store/event-identity.js';
import { type Transactor } from '../../event-store/transact.js';
import type { RecordedOf } from '../../events/event-definition.js';
import {
  ImageRestored,
  ImageWithheld,
  replaceFinding,
  restoreOverturned,
  type Withholding,
  type WithholdingEvent,
  withholdForModelProblem,
  withholdImage,
  withholdingStream,
} from '../../images/index.js';
import { unhandled } from '../../kernel/decider.js';
import {
  CaseReopened,
  ModelProblemFound,
  ReviewConfirmed,
  ReviewDismissed,
  ReviewOverturned,
} from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';

export const IMAGE_WITHHOLDING = 'image-withholding';

const EVENTS = [ReviewConfirmed, ModelProblemFound, ReviewDismissed, CaseReopened, ReviewOverturned];
type Cause = RecordedOf<(typeof EVENTS)[number]>;

/**
 * Withholds the image of a confirmed review, also if nobody knows its account or that one’s enforcement waits, and of a
 * model's problem whose reviewers want that. The latter ends once a lead reopens the case, or a later round finds otherwise; the
 * former only if that round decides so.
 */
export function imageWithholding(transactor: Transactor, ownEventIds: OwnEventIds): Consumer {
  return defineConsumer({
    name: IMAGE_WITHHOLDING,
    events: EVENTS,
    key: imageOf,
    async react(event) {
      const { purpose, eventType, decide } = effectOf(event);
      // Whether it is needed follows from positions and rounds, however often it is asked.
      const context = { ...ownEventIds.once(event, IMAGE_WITHHOLDING, purpose), eventType };
      await transactor.transact(withholdingStream, imageOf(event), context, decide);
    },
  });
}

interface Effect {
  purpose: string;
  eventType: string;
  decide: (state: Withholding) => WithholdingEvent[];
}

/** Cases have the id of their image. */
const imageOf = (event: Cause): string => (event.type === 'CaseReopened' ? event.data.caseId : event.data.imageId);

const withholding = (decide: Effect['decide']): Effect => ({
  purpose: 'withhold-image',
  eventType: ImageWithheld.type,
  decide,
});
const restoring = (imageId: string, round: number, reason: string): Effect => ({
  purpose: 'restore-image',
  eventType: ImageRestored.type,
  decide: (state) => replaceFinding(state, { imageId, reason, round }),
});

function effectOf(event: Cause): Effect {
  const { position } = event;
  switch (event.type) {
    case 'ReviewConfirmed': {
      const { imageId, caseId, round } = event.data;
      const found = { imageId, caseId, ...(round !== undefined && { round }) };
      return withholding((state) => withholdImage(state, found, position));
    }
    case 'ModelProblemFound': {
      const { imageId, caseId, round, withhold } = event.data;
      if (!withhold) return restoring(imageId, round, 'case-decided');
      return withholding((state) => withholdForModelProblem(state, { imageId, caseId, round }, position));
    }
    case 'ReviewDismissed':
      return restoring(event.data.imageId, event.data.round, 'case-decided');
    case 'CaseReopened':
      return restoring(event.data.caseId, event.data.round, 'case-reopened');
    case 'ReviewOverturned': {
      const { imageId, round, reason, decidedRound } = event.data;
      // Without it, an appeal has restored the image before.
      const decide = (state: Withholding) =>
        decidedRound === undefined ? [] : restoreOverturned(state, { imageId, reason, round });
      return { purpose: 'restore-image', eventType: ImageRestored.type, decide };
    }
    default:
      return unhandled(event);
  }
}
