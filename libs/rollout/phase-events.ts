import { Type } from 'typebox';
import { defineEvent } from '../events/event-definition.js';
import { Count, eventData, Line } from '../events/schemas.js';
import { causedByChange, fieldsBefore, phaseFields, phaseName } from './change-events.js';

export const RolloutPhaseSet = defineEvent({
  type: 'RolloutPhaseSet',
  version: 1,
  summary:
    'Two persons set the phase of the rollout: how people may come in, who, how many in total, and what is restricted meanwhile.',
  schema: eventData({
    phase: phaseFields.phase,
    ceiling: Type.Optional(phaseFields.ceiling),
    classes: phaseFields.classes,
    restrictions: phaseFields.restrictions,
    before: phaseName('The phase before.'),
    ceilingBefore: Type.Optional(Count('The ceiling before; absent if there was none.')),
    ...fieldsBefore,
    reason: Line('The reason, shown to other operators.', 1),
    ...causedByChange,
  }),
  example: {
    ...{ phase: 'open', ceiling: 1_000_000, before: 'weekly', reason: 'as the board decided' },
    ...{ changeId: 'r-1', by: 'olga', approvedBy: 'omar' },
  },
});
