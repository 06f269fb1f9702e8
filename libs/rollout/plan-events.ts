import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, EntityId, eventData, Label, Line, MAX_PER_WEEK, Name } from '../events/schemas.js';

export const PLAN_MODES = ['order', 'weights', 'quotas'] as const;
export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

export const MOST_CLASSES = 20;
export const MOST_SHARE = 100;

export const ClassPlanSet = defineEvent({
  type: 'ClassPlanSet',
  version: 1,
  summary: 'An operator set how the places of cohorts are shared among the classes of the waitlist.',
  schema: eventData({
    mode: Type.Enum([...PLAN_MODES], {
      description:
        '`order`: one class after the other; `weights`; `quotas`: per cent. Without classes, the order of joining.',
    }),
    classes: Type.Array(
      eventData({
        class: Label('The class; `others` are all that are not named.'),
        share: Type.Optional(Count('Its weight, or per cent; 0 closes it. Absent in a strict order.', 0, MOST_SHARE)),
      }),
      { maxItems: MOST_CLASSES, description: 'In their order.' },
    ),
    reason: Line('Why.'),
  }),
  example: {
    mode: 'quotas',
    classes: [{ class: 'artists', share: 20 }],
    reason: 'the artist programme',
  },
});

export const AdmissionScheduleSet = defineEvent({
  type: 'AdmissionScheduleSet',
  version: 1,
  summary: 'An operator set at which hours of the week slices of the rate are admitted.',
  schema: eventData({
    timeZone: Name('The time zone of the hours, as the IANA database names it.'),
    days: Type.Array(Type.Enum([...WEEKDAYS]), {
      minItems: 1,
      maxItems: 7,
      uniqueItems: true,
      description: 'The days.',
    }),
    hours: Type.Array(Count('An hour.', 0, 23), {
      minItems: 1,
      maxItems: 24,
      uniqueItems: true,
      description: 'The hours at whose beginning a slice is admitted.',
    }),
    reason: Line('Why.'),
  }),
  example: {
    timeZone: 'Europe/London',
    days: ['monday', 'friday'],
    hours: [9, 15],
    reason: 'while reviewers are there',
  },
});

export const AdmissionScheduleEnded = defineEvent({
  type: 'AdmissionScheduleEnded',
  version: 1,
  summary: 'No slices are admitted by a schedule any more.',
  schema: eventData({ reason: Line('Why.') }),
  example: { reason: 'cohorts are admitted by hand' },
});

export const CohortShared = defineEvent({
  type: 'CohortShared',
  version: 1,
  summary:
    'The classes share the places of a cohort by the plan as it is, however the plan changes while it is onboarded.',
  schema: eventData({
    cohortId: EntityId('The cohort.'),
    size: Count('The number of its places.', 1, MAX_PER_WEEK),
    from: Count('The number of places that the plan shared before.'),
  }),
  example: { cohortId: '2022-w20', size: 1000, from: 3000 },
});
