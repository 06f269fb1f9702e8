import type { DataOf, EventDefinition } from '../../events/event-definition.js';

/** A CloudEvent 1.0 as this client sends it. */
export interface OutgoingEvent {
  specversion: '1.0';
  /** Identifies the event together with the source: sending it again changes nothing. */
  id: string;
  source: string;
  type: string;
  /** RFC 3339; by default the time of arrival. */
  time?: string;
  data: Record<string, unknown>;
}

/** Names the definition of an event as a type only, so that the command line loads no context of the backend. */
export const eventsOf =
  (source: string) =>
  <Definition extends EventDefinition>(
    type: Definition['type'],
    id: string,
    data: DataOf<Definition>,
    time?: string,
  ): OutgoingEvent => ({ specversion: '1.0', id, source, type, ...(time === undefined ? {} : { time }), data });
