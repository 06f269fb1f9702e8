import type { Actor, RecordedEvent } from './envelope.js';

export const OWN_SOURCE = '/gatehouse';
/** Of one of our own events that came back from outside. */
export const ECHO_SOURCE = `${OWN_SOURCE}/echo`;

/** Who asks, on whose behalf and in which trace; copied into every event the decision gives. */
export interface CommandContext {
  actor: Actor;
  correlationid: string;
  causationid?: string;
  traceparent?: string;
  /** CloudEvents source; this system's own unless an incoming event is the command. */
  source?: string;
  /** When it happened, RFC 3339; now unless an incoming event is the command. */
  time?: string;
  /**
   * The command's own identity, where an incoming event is the command or one that was read in the log calls for it: the
   * id of the first event. Given again it changes nothing, whatever has become of its stream since.
   */
  eventId?: string;
  /** The type of this first event. */
  eventType?: string;
}

/** The context of what a process manager does about an event. */
export const causedBy = ({ id, metadata }: RecordedEvent, process: string): CommandContext => ({
  actor: { kind: 'process', id: process },
  correlationid: metadata.correlationid,
  causationid: id,
  ...(metadata.traceparent ? { traceparent: metadata.traceparent } : {}),
});
