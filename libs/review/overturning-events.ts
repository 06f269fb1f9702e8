import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, EntityId, eventData, Label } from '../events/schemas.js';

const confirmed = {
  caseId: EntityId('The case; it has the id of its image.'),
  imageId: EntityId('The image.'),
  accountId: Type.Optional(EntityId('The account that generated the image.')),
  round: Count('The round whose confirmation is meant.', 1),
};

export const ReviewOverturned = defineEvent({
  type: 'ReviewOverturned',
  version: 1,
  summary:
    'A confirmed review was overturned: the image violates nothing, and its case is no longer confirmed. A later flag opens its next round.',
  published: true,
  schema: eventData({ ...confirmed, reason: Label('The reason.') }),
  example: { caseId: 'img-1', imageId: 'img-1', accountId: 'acc-1', round: 1, reason: 'appeal-granted' },
});

export const ReviewAmended = defineEvent({
  type: 'ReviewAmended',
  version: 1,
  summary: 'A confirmed review stays confirmed, but the image violates another clause than it named.',
  published: true,
  schema: eventData({
    ...confirmed,
    clause: Label('The clause of the content policy that the image violates.'),
    reason: Label('The reason.'),
  }),
  example: {
    caseId: 'img-1',
    imageId: 'img-1',
    accountId: 'acc-1',
    round: 1,
    clause: 'hate',
    reason: 'appeal-partly-granted',
  },
});

export const overturningEvents = [ReviewOverturned, ReviewAmended];
