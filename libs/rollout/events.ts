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
import { causedByChange, changeEvents, phaseClasses } from './change-events.js';
import { gateEvents } from './gate-events.js';
import {
  batchEvents,
  InvitationsWithdrawn,
  PlacesFreed,
  PlacesHeld,
  WithdrawalCompleted,
} from './invitation-events.js';
import { moveEvents } from './move-events.js';
import { RolloutPhaseSet } from './phase-events.js';
import { AdmissionScheduleEnded, AdmissionScheduleSet, ClassPlanSet, CohortShared } from './plan-events.js';
import { rampEvents, rampStep } from './ramp-events.js';

const cohortId = EntityId('The cohort.');

export const OnboardingRateSet = defineEvent({
  type: 'OnboardingRateSet',
  version: 1,
  summary: 'An operator set the rate: how many people may be onboarded per rolling seven days.',
  schema: eventData({
    perWeek: PerWeek(0),
    daily: Type.Boolean({ description: 'Whether the scheduler admits a seventh of the rate every day.' }),
    before: Type.Optional(Count('The rate before; absent if none was set.', 0, MAX_PER_WEEK)),
    reason: Type.Optional(Line('The reason, shown to other operators; the first rate may have none.', 1)),
    ...causedByChange,
    ramp: rampStep,
  }),
  example: { perWeek: 2000, daily: false, before: 1000, reason: 'reviewers have time' },
});

export const OnboardingPaused = defineEvent({
  type: 'OnboardingPaused',
  version: 1,
  summary: 'Admissions were paused until they are resumed.',
  schema: eventData({ reason: Line('The reason, shown to other operators.'), ...causedByChange }),
  example: { reason: 'reviewers are behind' },
});

export const OnboardingResumed = defineEvent({
  type: 'OnboardingResumed',
  version: 1,
  summary: 'Admissions were resumed.',
  schema: eventData({
    reason: Type.Optional(Line('The reason, shown to other operators.', 1)),
    ...causedByChange,
  }),
  example: { reason: 'the backlog is gone' },
});

export const CohortAdmitted = defineEvent({
  type: 'CohortAdmitted',
  version: 1,
  summary: 'A cohort of a given size was admitted within the rate. Its people are onboarded afterwards.',
  schema: eventData({
    cohortId,
    size: Count('The maximum number of people in the cohort.', 1, MAX_PER_WEEK),
    selection: Type.Enum(['first-come', 'listed'], {
      description: 'Who is onboarded: the front of the waitlist, or the listed accounts.',
    }),
    accounts: Type.Optional(Accounts('The accounts of a listed cohort.')),
    priority: Type.Optional(Priority()),
    classes: Type.Optional(
      phaseClasses('The classes that the phase named: nobody else comes in with it. Absent if it named none.'),
    ),
    batchId: Type.Optional(EntityId('The batch of invitations whose held places it takes.')),
    perWeek: PerWeek(1),
    at: Instant('When it was admitted.'),
  }),
  example: { cohortId: '2022-w20', size: 1000, selection: 'first-come', perWeek: 1000, at: '2022-05-18T09:00:00.000Z' },
});

export const CohortFilled = defineEvent({
  type: 'CohortFilled',
  version: 1,
  summary: 'These accounts were chosen for a cohort. They are onboarded next, unless they stop waiting first.',
  schema: eventData({
    cohortId,
    accounts: Type.Array(EntityId('An account.'), {
      maxItems: ACCOUNTS_PER_EVENT,
      uniqueItems: true,
      description: 'The accounts in the order of their onboarding; empty if nobody was waiting.',
    }),
    turns: Type.Optional(
      Type.Array(Count('A turn.', 1), {
        maxItems: ACCOUNTS_PER_EVENT,
        description:
          'For which turn each was chosen: how often it had joined or been reinstated. Who leaves and rejoins has another.',
      }),
    ),
    part: Count('The index of this event among those of the cohort, from 0.', 0, MAX_PER_WEEK),
    last: Type.Boolean({ description: 'Whether this is the last such event of the cohort.' }),
  }),
  example: { cohortId: '2022-w20', accounts: ['acc-1', 'acc-2'], turns: [1, 1], part: 0, last: true },
});

export const CohortClosed = defineEvent({
  type: 'CohortClosed',
  version: 1,
  summary:
    'The onboarding of a cohort is complete. Its onboarded people count against the rate until seven days after the last.',
  schema: eventData({
    cohortId,
    people: Count('The number of people onboarded with the cohort.', 0, MAX_PER_WEEK),
    first: Type.Optional(Instant('When the first of them was onboarded.')),
    last: Type.Optional(Instant('When the last of them was onboarded.')),
  }),
  example: {
    cohortId: '2022-w20',
    people: 2,
    first: '2022-05-18T09:00:00.100Z',
    last: '2022-05-18T09:00:00.400Z',
  },
});

export const CohortClosingOrdered = defineEvent({
  type: 'CohortClosingOrdered',
  version: 1,
  summary: 'An operator ordered that a cohort is closed with those who are in: nobody else comes in with it.',
  schema: eventData({ cohortId, reason: Line('The reason, shown to other operators.', 1) }),
  example: { cohortId: '2022-w20', reason: 'it waits for people onboarded by a wrong clock' },
});

export const CohortOnboarded = defineEvent({
  type: 'CohortOnboarded',
  version: 1,
  summary: 'These accounts were onboarded together. A cohort of more than 1,000 has several such events.',
  contract: true,
  schema: eventData({
    cohortId,
    accounts: Accounts('The onboarded accounts.'),
    perWeek: PerWeek(0),
    part: Type.Optional(Count('The index of this event among those of the cohort, from 0.', 0, MAX_PER_WEEK)),
  }),
  example: { cohortId: '2022-w20', accounts: ['acc-1', 'acc-2'], perWeek: 1000, part: 0 },
});

/** The events of the stream that enforces the cap. */
export const rolloutStreamEvents = [
  OnboardingRateSet,
  OnboardingPaused,
  OnboardingResumed,
  CohortAdmitted,
  CohortClosingOrdered,
  CohortClosed,
  PlacesHeld,
  PlacesFreed,
  InvitationsWithdrawn,
  WithdrawalCompleted,
  ...changeEvents,
  ...gateEvents,
  ...moveEvents,
  ...rampEvents,
  RolloutPhaseSet,
];

export type RolloutEvent = EventOf<(typeof rolloutStreamEvents)[number]>;

/** The events of a cohort's own stream. */
export const cohortEvents = [CohortFilled, CohortOnboarded];

export type CohortEvent = EventOf<(typeof cohortEvents)[number]>;

export const rolloutEvents = [
  ...rolloutStreamEvents,
  ...cohortEvents,
  ...batchEvents,
  ClassPlanSet,
  AdmissionScheduleSet,
  AdmissionScheduleEnded,
  CohortShared,
];
