import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Instant, Name, Source } from '../events/schemas.js';

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

export const PolicyDisregarded = defineEvent({
  type: 'PolicyDisregarded',
  version: 1,
  summary:
    'A service generated or shared an image for an account whose acceptance of the content policy no longer sufficed. Recorded once for each version in force.',
  schema: eventData({
    accountId: EntityId('The account.'),
    inForce: Name('The version of the content policy that was in force.'),
    accepted: Name('The version that the account had accepted last.'),
    useId: EntityId('The id of the event that reported it.'),
    service: Source('The source of that event.'),
    action: Type.Enum(['generate', 'share'], { description: 'What was done.' }),
    imageId: EntityId('The image.'),
    at: Instant('When it happened, by that event.'),
    outdatedSince: Instant('Since when the acceptance did not suffice: the end of the grace period.'),
  }),
  example: {
    accountId: 'acc-1',
    inForce: '2022-06-01',
    accepted: '2022-05-18',
    useId: '0196e0f0-0000-7000-8000-000000000004',
    service: '/image-service',
    action: 'generate',
    imageId: 'img-2',
    at: '2022-06-09T10:00:00.000Z',
    outdatedSince: '2022-06-08T00:00:00.000Z',
  },
});

/** The events of the stream `policy-use-{accountId}`. */
export const policyUseEvents = [PolicyDisregarded];

export type PolicyUseEvent = EventOf<(typeof policyUseEvents)[number]>;
