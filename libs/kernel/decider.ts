import type { DomainEvent, Position } from './envelope.js';

/** Where and when the event being folded stands, for the few rules that need it. */
export interface EventPlace {
  position: Position;
  /** When it happened, RFC 3339 in UTC. */
  time: string;
}

/**
 * One kind of stream: how its state is folded. Decisions are plain functions `(state, command) => events` beside it;
 * a decision that is already satisfied returns no events, one that breaks a rule throws a `Refusal`.
 */
export interface StreamKind<State, Event extends DomainEvent> {
  /** The stream of entity `x` is `{category}-x`; a kind with a single stream has that stream's name here. */
  category: string;
  initial: State;
  evolve(state: State, event: Event, place: EventPlace): State;
}

/** A state from its events, in order. */
export function fold<State, Event extends DomainEvent>(
  kind: StreamKind<State, Event>,
  events: Iterable<Event & { position?: Position; metadata?: { time: string } }>,
  from: State = kind.initial,
): State {
  let state = from;
  for (const event of events) {
    state = kind.evolve(state, event, { position: event.position ?? 0, time: event.metadata?.time ?? '' });
  }
  return state;
}
