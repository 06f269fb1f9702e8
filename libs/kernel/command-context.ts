import type { Actor, RecordedEvent } from './envelope.js';

export const OWN_SOURCE = '/gatehouse';
/** The source of one of our own events that another system sent back. */
export const ECHO_SOURCE = `${OWN_SOURCE}/echo`;

/** Who sent the command and in which trace; copied into every event that the decision returns. */
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
   * The command's identity, which becomes the id of the first event: set if an incoming event is the command, or if an
   * event in the log caused it. A repeat changes nothing, however the stream has changed since.
   */
  eventId?: string;
  /** The type of that first event. */
  eventType?: string;
}

/** The context of a command that a process manager sends because of an event. */
export const causedBy = ({ id, metadata }: RecordedEvent, process: string): CommandContext => ({
  actor: { kind: 'process', id: process },
  correlationid: metadata.correlationid,
  causationid: id,
  ...(metadata.traceparent ? { traceparent: metadata.traceparent } : {}),
});
