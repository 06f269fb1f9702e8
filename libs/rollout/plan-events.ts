import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, EntityId, eventData, Label, Line, MAX_PER_WEEK } from '../events/schemas.js';
import { PLAN_MODES } from './class-plan.js';

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
