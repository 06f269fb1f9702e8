import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import {
  ACCOUNTS_PER_EVENT,
  Accounts,
  Count,
  EntityId,
  eventData,
  Instant,
  Line,
  MAX_PER_WEEK,
  PerWeek,
  Priority,
} from '../events/schemas.js';

const cohortId = EntityId('The cohort.');

export const OnboardingRateSet = defineEvent({
  type: 'OnboardingRateSet',
  version: 1,
  summary: 'An operator set how many people may be onboarded in any rolling seven days.',
  schema: eventData({
    perWeek: PerWeek(0),
    daily: Type.Boolean({ description: 'True: the scheduler admits a seventh of the rate every day by itself.' }),
  }),
  example: { perWeek: 1000, daily: false },
});

export const OnboardingPaused = defineEvent({
  type: 'OnboardingPaused',
  version: 1,
  summary: 'No cohort is admitted until onboarding is resumed.',
  schema: eventData({ reason: Line('Why, for other operators.') }),
  example: { reason: 'reviewers are behind' },
});

export const OnboardingResumed = defineEvent({
  type: 'OnboardingResumed',
  version: 1,
  summary: 'Cohorts may be admitted again.',
  schema: eventData({}),
  example: {},
});

export const CohortAdmitted = defineEvent({
  type: 'CohortAdmitted',
  version: 1,
  summary: 'A cohort of a given size was granted within the rate; who is let in with it follows.',
  schema: eventData({
    cohortId,
    size: Count('People in the cohort at the most.', 1, MAX_PER_WEEK),
    selection: Type.Enum(['first-come', 'listed'], {
      description: 'Who: the first of the waitlist, or the accounts listed.',
    }),
    accounts: Type.Optional(Accounts('The accounts of a listed cohort.')),
    priority: Type.Optional(Priority()),
    perWeek: PerWeek(1),
    at: Instant('When it was admitted.'),
  }),
  example: { cohortId: '2022-w20', size: 1000, selection: 'first-come', perWeek: 1000, at: '2022-05-18T09:00:00.000Z' },
});

export const CohortFilled = defineEvent({
  type: 'CohortFilled',
  version: 1,
  summary: 'These accounts were chosen to be let in next with a cohort; whoever stops waiting before stays out.',
  schema: eventData({
    cohortId,
    accounts: Type.Array(EntityId('An account.'), {
      maxItems: ACCOUNTS_PER_EVENT,
      uniqueItems: true,
      description: 'The accounts in the order of their turn; none where nobody waited any more.',
    }),
    part: Count('Place of this event among those of the cohort, from 0.', 0, MAX_PER_WEEK),
    last: Type.Boolean({ description: 'True: nobody else is chosen for this cohort.' }),
  }),
  example: { cohortId: '2022-w20', accounts: ['acc-1', 'acc-2'], part: 0, last: true },
});

export const CohortClosed = defineEvent({
  type: 'CohortClosed',
  version: 1,
  summary:
    'Everybody chosen for a cohort is in, or stays out; it counts for those that are in, until seven days after.',
  schema: eventData({
    cohortId,
    people: Count('People let in with the cohort.', 0, MAX_PER_WEEK),
    first: Type.Optional(Instant('When the first of them was let in.')),
    last: Type.Optional(Instant('When the last of them was let in.')),
  }),
  example: {
    cohortId: '2022-w20',
    people: 2,
    first: '2022-05-18T09:00:00.100Z',
    last: '2022-05-18T09:00:00.400Z',
  },
});

export const CohortOnboarded = defineEvent({
  type: 'CohortOnboarded',
  version: 1,
  summary: 'These accounts were let in together; a cohort of more than 1,000 has several such events.',
  contract: true,
  schema: eventData({
    cohortId,
    accounts: Accounts('The accounts let in.'),
    perWeek: PerWeek(0),
    part: Type.Optional(Count('Place of this event among those of the cohort, from 0.', 0, MAX_PER_WEEK)),
  }),
  example: { cohortId: '2022-w20', accounts: ['acc-1', 'acc-2'], perWeek: 1000, part: 0 },
});

/** Of the one stream that holds the cap. */
export const rolloutStreamEvents = [
  OnboardingRateSet,
  OnboardingPaused,
  OnboardingResumed,
  CohortAdmitted,
  CohortClosed,
];

export type RolloutEvent = EventOf<(typeof rolloutStreamEvents)[number]>;

/** Of a cohort's own stream. */
export const cohortEvents = [CohortFilled, CohortOnboarded];

export type CohortEvent = EventOf<(typeof cohortEvents)[number]>;

export const rolloutEvents = [...rolloutStreamEvents, ...cohortEvents];
