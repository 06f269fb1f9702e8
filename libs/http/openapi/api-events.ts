import type { EventDefinition } from '../../events/event-definition.js';

/** The events that the API accepts, and those that it publishes. */
export interface ApiEvents {
  incoming: readonly EventDefinition[];
  outgoing: readonly EventDefinition[];
}
