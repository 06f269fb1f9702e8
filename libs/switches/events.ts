import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { EntityId, eventData, Instant, Line } from '../events/schemas.js';

/** The actions that an operator can suspend. */
export const SWITCHED_ACTIONS = ['generate', 'share', 'download', 'join'] as const;
export type SwitchedAction = (typeof SWITCHED_ACTIONS)[number];

const action = Type.Enum([...SWITCHED_ACTIONS], {
  description: 'The action of an access decision.',
});
const cohortId = Type.Optional(EntityId('The cohort that it concerns; everyone if absent.'));

export const ActionSuspended = defineEvent({
  type: 'ActionSuspended',
  version: 1,
  summary: 'An operator suspended an action for everyone or for one cohort, until a given time or until it is resumed.',
  schema: eventData({
    action,
    cohortId,
    reason: Line('The reason, shown to other operators.'),
    until: Type.Optional(Instant('When it is allowed again by itself.')),
  }),
  example: { action: 'generate', reason: 'the filter lets violent prompts pass', until: '2022-05-18T12:00:00.000Z' },
});

export const ActionResumed = defineEvent({
  type: 'ActionResumed',
  version: 1,
  summary: 'An operator resumed an action that was suspended for everyone or for one cohort.',
  schema: eventData({ action, cohortId, reason: Line('The reason, shown to other operators.') }),
  example: { action: 'generate', reason: 'the filter is fixed' },
});

export const switchEvents = [ActionSuspended, ActionResumed];

export type SwitchEvent = EventOf<(typeof switchEvents)[number]>;
