import { accountEvents, personEvents } from '../../libs/account/index.js';
import { enforcementEvents } from '../../libs/enforcement/index.js';
import type { EventDefinition } from '../../libs/events/event-definition.js';
import { NoOpRecorded } from '../../libs/events/no-op-recorded.js';
import { imageEvents } from '../../libs/images/index.js';
import { policyEvents } from '../../libs/policy/index.js';
import { reviewEvents } from '../../libs/review/index.js';
import { rolloutEvents } from '../../libs/rollout/index.js';

/** Every event type there is; documentation, validation and sealing read it. */
export const eventCatalogue: readonly EventDefinition[] = [
  ...accountEvents,
  ...personEvents,
  ...rolloutEvents,
  ...policyEvents,
  ...imageEvents,
  ...reviewEvents,
  ...enforcementEvents,
  NoOpRecorded,
];
