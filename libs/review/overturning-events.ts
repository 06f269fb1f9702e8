import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, EntityId, eventData, Label, Labels } from '../events/schemas.js';
import { deciding, votes } from './decision-events.js';

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
    'A confirmed review was overturned, and its case is no longer confirmed: on appeal, or since a lead had it judged again, which decides the round that is open then. A later flag opens the next one.',
  published: true,
  schema: eventData({
    ...confirmed,
    reason: Label('The reason: `appeal-granted`, `case-reopened` or `bulk-job-undone`.'),
    decidedRound: Type.Optional(
      Count('The later round of the case that overturned it; absent if an appeal did, which has undone it by then.', 1),
    ),
  }),
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

export const ReviewUpheld = defineEvent({
  type: 'ReviewUpheld',
  version: 1,
  summary:
    'A confirmed review that a lead had judged again is confirmed again. What it has led to stays, unless another clause calls for another measure.',
  published: true,
  schema: eventData({
    ...confirmed,
    round: Count('The round that confirmed it again: from now on it is the one whose confirmation is in force.', 1),
    upheldRound: Count('The round whose confirmation was in force before.', 1),
    categories: Labels('The categories of the violation.'),
    clause: Type.Optional(
      Label('The clause of the content policy that most of the deciding reviewers named; absent if none did.'),
    ),
    votes,
    ...deciding,
  }),
  example: {
    caseId: 'img-1',
    imageId: 'img-1',
    accountId: 'acc-1',
    round: 2,
    upheldRound: 1,
    categories: ['violent'],
    clause: 'violent',
    votes: { safe: 0, unsafe: 1, unsure: 0 },
    reviewers: ['rev-2'],
  },
});

export const overturningEvents = [ReviewOverturned, ReviewAmended, ReviewUpheld];
