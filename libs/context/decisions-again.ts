import type { StreamKind } from '../kernel/decider.js';
import type { Actor, DomainEvent, RecordedEvent } from '../kernel/envelope.js';

/** What a decision rested on beside the state of its stream, as far as the log has it. */
export interface Circumstances {
  /** When it was made, in epoch milliseconds. */
  now: number;
  actor: Actor;
  /** CloudEvents source of the command. */
  source: string;
  /** The id in the name of its stream. */
  id: string;
  /** The first event that it has stored, and those after it in the stream that have the same cause. */
  together: readonly RecordedEvent[];
  /** The state of another stream before it, by the id of its entity. What the decision reads of it is shown with its explanation. */
  state<State, Event extends DomainEvent>(kind: StreamKind<State, Event>, id?: string): Promise<State>;
  /** The last event of a stream before it that is it; it is shown, too. */
  event(stream: string, isIt: (event: RecordedEvent) => boolean): Promise<RecordedEvent | undefined>;
  /** An event that was stored before it, which is shown, too; undefined for one that the log does not have. */
  find(eventId: string | undefined): Promise<RecordedEvent | undefined>;
  /** Whether the stored events are those of this outcome. */
  isStored(decided: readonly DomainEvent[]): boolean;
}

type DataOf<Event extends DomainEvent, Type> = Extract<Event, { type: Type }>['data'];

/** How the decision behind an event of one type is made again, by the function that made it. */
export interface MadeAgain<State, Event extends DomainEvent, Data> {
  /** By the code of each refusal that the log can explain, in the order in which the decision asks: the name of the rule. */
  rules: Readonly<Record<string, string>>;
  /** By the name of a rule: with which values it was asked. */
  details?(state: State, data: Data, made: Circumstances): Readonly<Record<string, string>>;
  /** Undefined if the log lacks what it rested on. Throws a GatehouseError for a broken rule. */
  decide(
    state: State,
    data: Data,
    made: Circumstances,
  ): readonly Event[] | undefined | Promise<readonly Event[] | undefined>;
}

/** An event that no decision made, or one that rested on more than the log has. */
export interface NotMadeAgain {
  because: string;
}

/** How the decisions of one kind of stream are made again. */
export interface DecisionsAgain {
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a state and events of its own
  kind: StreamKind<any, any>;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a state and events of its own
  byType: Readonly<Record<string, MadeAgain<any, any, any> | NotMadeAgain>>;
}

/** Does not compile if an event of the kind is left out. */
export const decisionsAgain = <State, Event extends DomainEvent>(
  kind: StreamKind<State, Event>,
  byType: { readonly [Type in Event['type']]: MadeAgain<State, Event, DataOf<Event, Type>> | NotMadeAgain },
): DecisionsAgain => ({ kind, byType });

/** The difference of two times that lie within one decision: between its reading the clock and its storing the event. */
const MOST_APART_MS = 60_000;

/**
 * Decides at the moment at which the decision read the clock, if a time in its event gives that away: otherwise the event
 * says only when it was stored.
 * @param at of the time that the event has, RFC 3339
 */
export function atItsMoment<Event extends DomainEvent>(
  { now }: Pick<Circumstances, 'now'>,
  stored: string | undefined,
  at: (event: Event) => string | undefined,
  decide: (now: number) => readonly Event[],
): readonly Event[] {
  const decided = decide(now);
  const time = decided[0] && at(decided[0]);
  if (stored === undefined || time === undefined) return decided;
  const apart = Date.parse(stored) - Date.parse(time);
  return apart === 0 || Math.abs(apart) > MOST_APART_MS ? decided : decide(now + apart);
}
