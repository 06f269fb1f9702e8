import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, EntityId, eventData, Label, Labels, Line, Name, PersonalText } from '../events/schemas.js';

const imageId = EntityId('The image.');
const fact = { category: 'image', id: 'imageId' } as const;

export const ImageGenerated = defineEvent({
  type: 'ImageGenerated',
  version: 1,
  summary: 'An account generated an image.',
  contract: true,
  fact,
  personal: { person: 'accountId', fields: ['prompt'] },
  schema: eventData({
    imageId,
    accountId: EntityId('The account that generated it.'),
    model: Type.Optional(Name('The model and its version.')),
    prompt: Type.Optional(PersonalText(4000, 'The prompt. Stored encrypted.')),
    promptCategory: Type.Optional(Line('The category of the prompt, if known.')),
    photorealistic: Type.Optional(Type.Boolean({ description: 'Whether it looks like a photograph.' })),
    faces: Type.Optional(Type.Boolean({ description: 'Whether it shows human faces.' })),
  }),
  example: {
    imageId: 'img-1',
    accountId: 'acc-1',
    model: 'dalle-2',
    prompt: 'an astronaut riding a horse',
    promptCategory: 'World Knowledge',
    photorealistic: true,
    faces: false,
  },
});

export const ImageShared = defineEvent({
  type: 'ImageShared',
  version: 1,
  summary: 'An image was made visible to others.',
  contract: true,
  fact,
  schema: eventData({
    imageId,
    accountId: EntityId('The account that shared it.'),
    audience: Type.Optional(Label('Who can see it: `public`, `link`, or a value of another system.')),
  }),
  example: { imageId: 'img-1', accountId: 'acc-1', audience: 'public' },
});

export const ImageDownloaded = defineEvent({
  type: 'ImageDownloaded',
  version: 1,
  summary: 'An image was downloaded.',
  fact,
  schema: eventData({ imageId, accountId: Type.Optional(EntityId('The account that downloaded it.')) }),
  example: { imageId: 'img-1', accountId: 'acc-1' },
});

export const ContentFlagged = defineEvent({
  type: 'ContentFlagged',
  version: 1,
  summary: 'A person or a detector reported that an image violates the content policy.',
  contract: true,
  fact,
  personal: { person: 'flaggedBy', about: 'imageId', fields: ['comment'] },
  schema: eventData({
    imageId,
    accountId: Type.Optional(EntityId('The account that generated the image, if the sender knows it.')),
    flaggedBy: EntityId('The account or the detector that flagged it.'),
    flaggerKind: Type.Enum(['user', 'detector', 'staff'], {
      description: 'Whether a user, a detector or a member of the staff flagged it.',
    }),
    confidence: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'How sure the flagger is that it violates the policy.' }),
    ),
    categories: Labels('The categories of the violation.'),
    comment: Type.Optional(PersonalText(2000, 'A comment of the person. Stored encrypted.')),
  }),
  example: {
    imageId: 'img-1',
    accountId: 'acc-1',
    flaggedBy: 'acc-9',
    flaggerKind: 'user',
    categories: ['violent', 'hate'],
    confidence: 0.9,
    comment: 'look at the sign',
  },
});

export const imageEvents = [ImageGenerated, ImageShared, ImageDownloaded, ContentFlagged];

/** Why an image is withheld. */
export const WITHHOLDING_CAUSES = ['violation', 'model-problem'] as const;

export const ImageWithheld = defineEvent({
  type: 'ImageWithheld',
  version: 1,
  summary: 'Nobody may share, download or flag an image any more, until it is restored.',
  published: true,
  schema: eventData({
    imageId,
    caseId: EntityId('The case that caused it.'),
    cause: Type.Optional(
      Type.Enum([...WITHHOLDING_CAUSES], {
        description:
          'What the case found: a `violation`, also if this is absent, or a `model-problem` whose reviewers wanted the image withheld, which is held against nobody.',
      }),
    ),
    round: Type.Optional(Count('The round of the case that found it; of a violation absent from earlier releases.', 1)),
  }),
  example: { imageId: 'img-1', caseId: 'img-1' },
});

export const ImageRestored = defineEvent({
  type: 'ImageRestored',
  version: 1,
  summary: 'A withheld image may be shared, downloaded and flagged again.',
  published: true,
  schema: eventData({
    imageId,
    reason: Label('The reason.'),
    round: Type.Optional(
      Count(
        'The round of its case that replaced the finding of a model’s problem, or whose confirmation a later round overturned; absent if somebody restored it.',
        1,
      ),
    ),
  }),
  example: { imageId: 'img-1', reason: 'appeal-granted' },
});

/** The events of the stream `image-{id}`: decisions about an image. */
export const withholdingEvents = [ImageWithheld, ImageRestored];

export type WithholdingEvent = EventOf<(typeof withholdingEvents)[number]>;
