import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData } from '../events/schemas.js';

/** Maximum of the setting: a tenth. Images with a higher hash need no look at the setting. */
export const MAX_PER_MILLION = 100_000;

export const ImageSampled = defineEvent({
  type: 'ImageSampled',
  version: 1,
  summary: 'When it was first exposed, an image was chosen at random to be reviewed, for the estimate of prevalence.',
  schema: eventData({
    imageId: EntityId('The image.'),
    perMillion: Count('How many of a million images were chosen then.', 1, MAX_PER_MILLION),
    isSkipped: Type.Optional(
      Type.Boolean({
        description: 'Whether it is not reviewed, since many of the sample waited then. Absent for false.',
      }),
    ),
  }),
  example: { imageId: 'img-1', perMillion: 200 },
});

/** The events of the stream `sample-{imageId}`. */
export const sampleEvents = [ImageSampled];

export type SampleEvent = EventOf<(typeof sampleEvents)[number]>;
