import { Type } from 'typebox';
import { defineEvent, type EventOf } from '../events/event-definition.js';
import { Count, eventData, Label, Line } from '../events/schemas.js';

/** What a target can be asked to carry out; `withhold` is about the image of a confirmed violation. */
export const CONSEQUENCES = ['restrict', 'suspend', 'deactivate', 'withhold'] as const;
export type Consequence = (typeof CONSEQUENCES)[number];

export const MAX_TARGETS = 20;

/** Seven days. */
export const MAX_SECONDS = 604_800;

const name = Label('The name of the target, under which it acknowledges.');
const reason = Line('Why it was changed.', 1);

export const EnforcementTargetRegistered = defineEvent({
  type: 'EnforcementTargetRegistered',
  version: 1,
  summary:
    'A system acknowledges from here on that it has carried out enforcements, or is expected to do so under other terms.',
  schema: eventData({
    name,
    consequences: Type.Array(Type.Enum([...CONSEQUENCES]), {
      minItems: 1,
      maxItems: CONSEQUENCES.length,
      description: 'What it carries out.',
    }),
    deadlineSeconds: Count('Within how many seconds it acknowledges.', 1, MAX_SECONDS),
    retrySeconds: Count('After how many seconds it is asked again, twice as many each further time.', 1, MAX_SECONDS),
    reason,
  }),
  example: {
    name: 'session-service',
    consequences: ['suspend', 'deactivate'],
    deadlineSeconds: 60,
    retrySeconds: 60,
    reason: 'sessions end with the account',
  },
});

export const EnforcementTargetRemoved = defineEvent({
  type: 'EnforcementTargetRemoved',
  version: 1,
  summary: 'A system no longer acknowledges enforcements; nothing waits for it any more.',
  schema: eventData({ name, reason }),
  example: { name: 'session-service', reason: 'replaced by the gateway' },
});

export const targetEvents = [EnforcementTargetRegistered, EnforcementTargetRemoved];

export type TargetEvent = EventOf<(typeof targetEvents)[number]>;
