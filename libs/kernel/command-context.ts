import type { Actor, EventMetadata, RecordedEvent } from './envelope.js';

export const OWN_SOURCE = '/gatehouse';

/** Ours, and everything below it. */
const RESERVED = new RegExp(`^${OWN_SOURCE}(?![A-Za-z0-9._~%-])`);

/** Whether a source is reserved for events that Gatehouse itself stores. */
export const isReservedSource = (source: string): boolean => RESERVED.test(source);

/** The attributes of an incoming event that readers of the log get back. */
export type SentAttributes = Pick<EventMetadata, 'sourceid' | 'dataschema' | 'extensions'>;

/** Who sent the command and in which trace; copied into every event that the decision returns. */
export interface CommandContext {
  actor: Actor;
  correlationid: string;
  causationid?: string;
  traceparent?: string;
  /** What other tracing systems added to that trace; never without it. */
  tracestate?: string;
  /** CloudEvents source; this system's own unless an incoming event is the command. */
  source?: string;
  /** When it happened, RFC 3339; now unless an incoming event is the command. */
  time?: string;
  /**
   * The command's identity, which becomes the id of the first event: set if an incoming event is the command, or if an
   * event in the log caused it. A repeat changes nothing, however the stream has changed since.
   */
  eventId?: string;
  /** The id under which an earlier version may have stored the command; see libs/event-store/event-identity.ts. */
  formerEventId?: string;
  /** The type of the command, if it is an event. */
  eventType?: string;
  /** The types under which its first event may be stored instead. */
  storedAs?: readonly string[];
  /** What is kept with that first event of the incoming event's own attributes. */
  sent?: SentAttributes;
  /** The sender records the command in a stream of its own, so a no-op is not stored. */
  isRecordedElsewhere?: boolean;
}

/** The trace of an event or a command, to continue it. */
export const traceOf = ({
  traceparent,
  tracestate,
}: Pick<EventMetadata, 'traceparent' | 'tracestate'>): Pick<EventMetadata, 'traceparent' | 'tracestate'> => ({
  ...(traceparent ? { traceparent } : {}),
  ...(traceparent && tracestate ? { tracestate } : {}),
});

/** The context of a command that a process manager sends because of an event. */
export const causedBy = ({ id, metadata }: RecordedEvent, process: string): CommandContext => ({
  actor: { kind: 'process', id: process },
  correlationid: metadata.correlationid,
  causationid: id,
  ...traceOf(metadata),
});
