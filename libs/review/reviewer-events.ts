import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Instant, Labels, Line, Name } from '../events/schemas.js';

/** Maximum languages of a reviewer. */
export const MAX_LANGUAGES = 20;

const reviewer = EntityId('The reviewer.');
const reason = Line('Why.', 1);

export const ReviewerSkillsSet = defineEvent({
  type: 'ReviewerSkillsSet',
  version: 1,
  summary: 'A lead recorded what a reviewer can review: the skills and the languages that queues need.',
  schema: eventData({
    reviewer,
    skills: Labels('The skills, instead of those before; without `severe`, which SevereViewerGranted records.'),
    languages: Type.Array(Name('A language, like `cy`.'), {
      maxItems: MAX_LANGUAGES,
      description: 'The languages, instead of those before.',
    }),
    reason,
  }),
  example: { reviewer: 'rev-1', skills: ['medical'], languages: ['en', 'cy'], reason: 'trained in May' },
});

export const AccountLinked = defineEvent({
  type: 'AccountLinked',
  version: 1,
  summary: 'A reviewer has to do with an account: they review none of its images.',
  schema: eventData({ reviewer, accountId: EntityId('The account.'), reason }),
  example: { reviewer: 'rev-1', accountId: 'acc-1', reason: 'a relative' },
});

export const AccountUnlinked = defineEvent({
  type: 'AccountUnlinked',
  version: 1,
  summary: 'A reviewer has nothing to do with an account any more.',
  schema: eventData({ reviewer, accountId: EntityId('The account.'), reason }),
  example: { reviewer: 'rev-1', accountId: 'acc-1', reason: 'linked by mistake' },
});

/** The events of a reviewer's stream. */
export const reviewerEvents = [ReviewerSkillsSet, AccountLinked, AccountUnlinked];

export type ReviewerEvent = EventOf<(typeof reviewerEvents)[number]>;

export const CategoriesDeclined = defineEvent({
  type: 'CategoriesDeclined',
  version: 1,
  summary: 'A reviewer wants no cases of some categories from queues for a while. Nobody asks why.',
  schema: eventData({
    reviewer,
    categories: Labels('The categories, instead of those before; empty if they want all again.'),
    until: Instant('Until when.'),
  }),
  example: { reviewer: 'rev-1', categories: ['violent'], until: '2022-05-20T00:00:00.000Z' },
});

/** The events of the stream of what a reviewer declined. */
export const declinedEvents = [CategoriesDeclined];

export type DeclinedEvent = EventOf<(typeof declinedEvents)[number]>;
