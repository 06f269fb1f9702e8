import { OWN_SOURCE } from './command-context.js';
import type { Actor, DomainEvent, Position, Recorded, RecordedEvent } from './envelope.js';

/** Where, when and by whom the event being folded was stored, for the few rules that need it. */
export interface EventPlace {
  position: Position;
  /** When it happened, RFC 3339 in UTC. */
  time: string;
  actor: Actor;
  /** CloudEvents source: who said it. */
  source: string;
}

/** Of events that are not stored yet. */
const NOWHERE: EventPlace = { position: 0, time: '', actor: { kind: 'process', id: '' }, source: OWN_SOURCE };

/**
 * How the state of one kind of stream is folded. Decisions are plain functions `(state, command) => events` beside it;
 * a decision that is already satisfied returns no events, one that breaks a rule throws a `Refusal`.
 */
export interface StreamKind<
  State,
  Event extends DomainEvent,
  Definition extends { readonly type: Event['type'] } = { readonly type: Event['type'] },
> {
  /** The stream of entity `x` is `{category}-x`; a kind with a single stream has that stream's name here. */
  category: string;
  /** The definitions of its events: views and consumers of the stream take their event types from here. */
  events: readonly Definition[];
  initial: State;
  evolve(state: State, event: Event, place: EventPlace): State;
  /**
   * What is left to know after a broken event of the kind, which may have said anything. Kinds that decide access have it;
   * without it, broken events are skipped.
   */
  evolveBroken?(state: State, place: Pick<EventPlace, 'position' | 'time'> & { type?: string }): State;
}

/** Folds events, in order, into a state. */
export function fold<State, Event extends DomainEvent>(
  kind: StreamKind<State, Event>,
  events: Iterable<Event & { position?: Position; metadata?: Partial<Omit<EventPlace, 'position'>> }>,
  from: State = kind.initial,
): State {
  let state = from;
  for (const event of events) {
    const { position = NOWHERE.position, metadata } = event;
    const { time, actor, source } = { ...NOWHERE, ...metadata };
    state = kind.evolve(state, event, { position, time, actor, source });
  }
  return state;
}

export const placeOf = ({ position, metadata }: Recorded<DomainEvent>): EventPlace => ({
  position,
  time: metadata.time,
  actor: metadata.actor,
  source: metadata.source,
});

/** False for a stored event that is broken. */
export const isUsable = ({ fault }: Pick<RecordedEvent, 'fault'>): boolean => fault === undefined;

/** True if the event belongs to the kind and can be used. Its data needs no check: it was validated before it was stored. */
export function belongsTo<State, Event extends DomainEvent>(
  kind: StreamKind<State, Event>,
  event: RecordedEvent,
): event is Recorded<Event> {
  if (event.fault !== undefined) return false;
  for (const { type } of kind.events) if (type === event.type) return true;
  return false;
}

/** Folds a stored event of a stream of the kind. Skips one that the kind does not list, such as a no-op. */
export function evolveRecorded<State, Event extends DomainEvent>(
  kind: StreamKind<State, Event>,
  state: State,
  event: RecordedEvent,
): State {
  if (belongsTo(kind, event)) return kind.evolve(state, event, placeOf(event));
  if (!kind.evolveBroken || isUsable(event) || !kind.events.some(({ type }) => type === event.type)) return state;
  return kind.evolveBroken(state, { position: event.position, time: event.recordedAt, type: event.type });
}

/** Folds a stream's stored events, in order, into a state. */
export function foldRecorded<State, Event extends DomainEvent>(
  kind: StreamKind<State, Event>,
  history: Iterable<RecordedEvent>,
  from: State = kind.initial,
): State {
  let state = from;
  for (const event of history) state = evolveRecorded(kind, state, event);
  return state;
}

/**
 * The position of the last of these events that may change the state; a no-op does not.
 * @param before that of the state that they continue; 0 for none
 */
export function lastChange(
  { events }: Pick<StreamKind<unknown, DomainEvent>, 'events'>,
  history: readonly Pick<RecordedEvent, 'type' | 'position'>[],
  before: Position = 0,
): Position {
  return history.findLast((event) => events.some(({ type }) => type === event.type))?.position ?? before;
}

/** The default case of a switch over events: the switch does not compile if an event has no case. */
export function unhandled(event: never): never {
  const { type } = event as DomainEvent;
  throw new Error(`${type} has no case in this switch over events; add one`);
}
