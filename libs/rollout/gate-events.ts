import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, eventData, Line, Name } from '../events/schemas.js';

const reason = Line('The reason, shown to other operators.', 1);
const share = (description: string) => Type.Number({ exclusiveMinimum: 0, maximum: 1, description });

export const GateLimitSet = defineEvent({
  type: 'GateLimitSet',
  version: 1,
  summary: 'An operator set the violation rate that must not be reached. The gate begins with new evidence.',
  schema: eventData({
    limit: Type.Number({
      exclusiveMinimum: 0,
      maximum: 0.5,
      description: 'Violations that reviews find, of exposed images.',
    }),
    reason,
  }),
  example: { limit: 0.00015, reason: 'as published' },
});

export const GateParametersSet = defineEvent({
  type: 'GateParametersSet',
  version: 1,
  summary: 'An operator set how the gate tests its evidence. It begins with new evidence.',
  schema: eventData({
    alpha: Type.Number({
      exclusiveMinimum: 0,
      maximum: 0.5,
      description: 'The chance that the rollout ever raises its rate wrongly.',
    }),
    labelDelayDays: Count('After how many days an exposure counts, so that its flags have had time to come.', 0, 365),
    lateShare: Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      description: 'At most this share of violations is flagged later, or reopened.',
    }),
    recallLower: share('At least this share of violations is ever found.'),
    accountDays: Count('How many days of an account count, from its onboarding.', 1, 365),
    accountCap: Count('How many violations of one account count: the most that one can make.', 1, 1000),
    isNearLimit: Type.Boolean({ description: 'Whether it is to open near 0.8 of the limit, and later far below it.' }),
    plannedStages: Type.Optional(Count('The stages of the ramp plan, which share alpha evenly.', 1, 1000)),
    reason,
  }),
  example: {
    alpha: 0.05,
    labelDelayDays: 9,
    lateShare: 0.05,
    recallLower: 1,
    accountDays: 14,
    accountCap: 3,
    isNearLimit: false,
    reason: 'flags come later than we thought',
  },
});

export const ModelChanged = defineEvent({
  type: 'ModelChanged',
  version: 1,
  summary: 'The image service uses another model from now on. The gate begins with new evidence.',
  schema: eventData({ model: Name('The model and its version.'), reason }),
  example: { model: 'dalle-2.1', reason: 'a better filter of the training data' },
});

export const gateEvents = [GateLimitSet, GateParametersSet, ModelChanged];
