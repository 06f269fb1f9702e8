/** Who caused an event: a person, another system, or one of our own processes. */
export interface Actor {
  kind: 'user' | 'service' | 'process';
  id: string;
  /** The role the actor used, if it had one. */
  role?: string;
  /** The id of the token the actor used, if it was one of ours. */
  token?: string;
}

/** Everything about an event except its data. Names follow CloudEvents 1.0 and its extension rules (lower case). */
export interface EventMetadata {
  /** CloudEvents `source`: the system that observed the event. */
  source: string;
  /** The sender's id of an event from outside; earlier versions did not keep it. */
  sourceid?: string;
  /** CloudEvents `dataschema`, as sent: a URI. */
  dataschema?: string;
  /** The CloudEvents extension attributes that a setting names, as sent. */
  extensions?: Readonly<Record<string, string | number | boolean>>;
  /** The entity that the event is about: `account-…`, `image-…`, `case-…`. Order is kept per subject. */
  subject: string;
  /** When it happened, RFC 3339 in UTC. */
  time: string;
  schemaversion: number;
  correlationid: string;
  causationid?: string;
  traceparent?: string;
  tracestate?: string;
  actor: Actor;
  /** The Kafka partition and offset of a fact: a restarted ingester continues after them. */
  partition?: number;
  offset?: string;
  /** When it was stored, RFC 3339, if the log keeps no such time itself: `recordedAt` then comes from here. */
  recordedat?: string;
  /** Added by the log when it stores the event, so that nobody can guess the event from its hash. */
  nonce?: string | undefined;
}

/** Any JSON object: the data of an event before its type was checked. */
export type JsonObject = Record<string, unknown>;

/** An event to be stored. */
export interface NewEvent {
  /** A UUID; the event's identity for ever. */
  id: string;
  type: string;
  data: JsonObject;
  metadata: EventMetadata;
}

/**
 * A place in the one global order. Compare with `<`; nothing else about it is meaningful. 0 is before the first event.
 * A safe integer: 2^53 suffices for a dense counter and for a byte offset of a log of 9 PB.
 */
export type Position = number;

/** A stored event of any type. */
export interface RecordedEvent extends NewEvent {
  stream: string;
  /** 0-based place in its stream. */
  revision: number;
  position: Position;
  /** When it was stored, RFC 3339 in UTC. */
  recordedAt: string;
  /** Why the event can't be used, if so: its data and metadata may then lack anything. */
  fault?: string;
}

/** An event as decisions return it and evolve functions receive it. */
export interface DomainEvent<Type extends string = string, Data = JsonObject> {
  type: Type;
  data: Data;
}

/** A stored event of one of these types; a check of `type` narrows `data`. */
export type Recorded<Event extends DomainEvent> = Event extends DomainEvent
  ? Omit<RecordedEvent, 'type' | 'data'> & Event
  : never;
