import type { OwnEventIds } from '../../event-store/event-identity.js';
import { type Transactor } from '../../event-store/transact.js';
import { ImageWithheld, withholdImage, withholdingStream } from '../../images/index.js';
import { causedBy } from '../../kernel/command-context.js';
import { ReviewConfirmed } from '../../review/index.js';
import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';

export const IMAGE_WITHHOLDING = 'image-withholding';

/** Withholds the image of a confirmed review, also if nobody knows its account or that one’s enforcement waits. */
export function imageWithholding(transactor: Transactor, ownEventIds: OwnEventIds): Consumer {
  return defineConsumer({
    name: IMAGE_WITHHOLDING,
    events: [ReviewConfirmed],
    key: ({ data }) => data.imageId,
    async react(event) {
      const { imageId, caseId } = event.data;
      const context = {
        ...causedBy(event, IMAGE_WITHHOLDING),
        ...ownEventIds.identify(event, 'withhold-image'),
        eventType: ImageWithheld.type,
        // Whether it is needed follows from the positions, however often it is asked.
        isRecordedElsewhere: true,
      };
      await transactor.transact(withholdingStream, imageId, context, (state) =>
        withholdImage(state, { imageId, caseId }, event.position),
      );
    },
  });
}
