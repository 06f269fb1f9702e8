import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { EntityId, eventData, Label, Labels, Line, Name, PersonalText } from '../events/schemas.js';

const imageId = EntityId('The image.');
const fact = { category: 'image', id: 'imageId' } as const;

export const ImageGenerated = defineEvent({
  type: 'ImageGenerated',
  version: 1,
  summary: 'An account had an image made.',
  contract: true,
  fact,
  personal: { person: 'accountId', fields: ['prompt'] },
  schema: eventData({
    imageId,
    accountId: EntityId('The account it was made for.'),
    model: Type.Optional(Name('The model and its version.')),
    prompt: Type.Optional(PersonalText(4000, 'What was asked for. Stored sealed.')),
    promptCategory: Type.Optional(Line('What kind of prompt it was, where that is known.')),
    photorealistic: Type.Optional(Type.Boolean({ description: 'Whether it could be taken for a photograph.' })),
    faces: Type.Optional(Type.Boolean({ description: 'Whether it shows faces of people.' })),
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
    audience: Type.Optional(Label('Who can see it: `public`, `link` or another system’s own word.')),
  }),
  example: { imageId: 'img-1', accountId: 'acc-1', audience: 'public' },
});

export const ImageDownloaded = defineEvent({
  type: 'ImageDownloaded',
  version: 1,
  summary: 'A copy of an image left the product.',
  fact,
  schema: eventData({ imageId, accountId: Type.Optional(EntityId('The account that downloaded it.')) }),
  example: { imageId: 'img-1', accountId: 'acc-1' },
});

export const ContentFlagged = defineEvent({
  type: 'ContentFlagged',
  version: 1,
  summary: 'A person or a detector says that an image breaks the content policy.',
  contract: true,
  fact,
  personal: { person: 'flaggedBy', fields: ['comment'] },
  schema: eventData({
    imageId,
    accountId: Type.Optional(EntityId('The account the image was made for, where the sender knows it.')),
    flaggedBy: EntityId('The account or the detector that flags.'),
    flaggerKind: Type.Enum(['user', 'detector'], { description: 'What flags.' }),
    categories: Labels('What is wrong with it.'),
    comment: Type.Optional(PersonalText(2000, 'What the person added. Stored sealed.')),
  }),
  example: {
    imageId: 'img-1',
    accountId: 'acc-1',
    flaggedBy: 'acc-9',
    flaggerKind: 'user',
    categories: ['violent', 'hate'],
    comment: 'look at the sign',
  },
});

export const imageEvents = [ImageGenerated, ImageShared, ImageDownloaded, ContentFlagged];
