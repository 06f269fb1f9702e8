import { catalogue } from '../../apps/composition/catalogue.js';
import { EventSchemas } from '../../libs/events/event-schemas.js';

/** The schemas of this application's events, by which its decisions are checked. */
export const eventRules = new EventSchemas(catalogue.events);
