import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, EntityId, eventData, Line, MAX_PER_WEEK } from '../events/schemas.js';
import { causedByChange } from './change-events.js';

export const MOST_STEPS = 50;
export const MOST_STAY_DAYS = 365;
export const MOST_EXPOSURES = 1_000_000_000;
export const STEP_MODES = ['automatic', 'confirmed'] as const;
export const RAMP_ENDS = ['ended', 'replaced', 'rate-changed'] as const;

const planId = EntityId('The ramp plan.');
const reason = Line('The reason, shown to other operators.', 1);
const perWeek = Count('The rate of the step.', 1, MAX_PER_WEEK);
const { reverts } = causedByChange;

/** Of a change of the rate that is a step of a ramp plan. */
export const rampStep = Type.Optional(
  Type.Object(
    {
      planId,
      step: Count('The index of the step, from 0.', 0, MOST_STEPS),
      gate: Count('The position of the decision of the gate that supported it.', 1),
      exposures: Count('The exposures of the stage that counted then.'),
    },
    { additionalProperties: false, description: 'The step of a ramp plan that it is; absent if it is none.' },
  ),
);

export const RampPlanSet = defineEvent({
  type: 'RampPlanSet',
  version: 1,
  summary: 'An operator set the steps by which the rate rises while the gate supports it.',
  schema: eventData({
    planId,
    steps: Type.Array(
      eventData({
        perWeek,
        afterDays: Count('How many days the step before it, or the plan, has to be in force.', 0, MOST_STAY_DAYS),
        exposures: Type.Optional(Count('The least exposures that have to count in the stage.', 0, MOST_EXPOSURES)),
        mode: Type.Enum([...STEP_MODES], { description: 'Whether an operator has to confirm the step.' }),
      }),
      { minItems: 1, maxItems: MOST_STEPS, description: 'In ascending order of their rates.' },
    ),
    reason,
    reverts,
  }),
  example: {
    planId: 'ramp-1',
    steps: [{ perWeek: 1000, afterDays: 7, exposures: 20_000, mode: 'automatic' }],
    reason: 'as the board decided',
  },
});

export const RampStepConfirmed = defineEvent({
  type: 'RampStepConfirmed',
  version: 1,
  summary: 'An operator confirmed the next step of the ramp plan. It is made once the gate supports it.',
  schema: eventData({ planId, perWeek }),
  example: { planId: 'ramp-1', perWeek: 2000 },
});

export const RampConfirmationWithdrawn = defineEvent({
  type: 'RampConfirmationWithdrawn',
  version: 1,
  summary: 'An operator withdrew the confirmation of a step that was not made yet.',
  schema: eventData({ planId, perWeek, reason, reverts }),
  example: { planId: 'ramp-1', perWeek: 2000, reason: 'reviewers are ill', reverts: 1041 },
});

export const RampPlanEnded = defineEvent({
  type: 'RampPlanEnded',
  version: 1,
  summary: 'A ramp plan raises the rate no further.',
  schema: eventData({
    planId,
    how: Type.Enum([...RAMP_ENDS], {
      description: 'Ended by an operator, replaced by another plan, or because the rate was changed otherwise.',
    }),
    reason,
    reverts,
  }),
  example: { planId: 'ramp-1', how: 'ended', reason: 'reviewers are ill' },
});

export const rampEvents = [RampPlanSet, RampStepConfirmed, RampConfirmationWithdrawn, RampPlanEnded];
