import { eventsAt } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import { nameOf } from '../../event-store/transact.js';
import { foldRecorded, type StreamKind } from '../../kernel/decider.js';
import type { DomainEvent, Position, RecordedEvent } from '../../kernel/envelope.js';
import { PartsRead } from './parts-read.js';
import { eventFound, type RestedOn, valuesInForce } from './rested-on.js';
import type { AnyStream } from './subject-states.js';

/** Streams and events of one question, each of which is read once. */
export class ReadOnce {
  private readonly streams = new Map<string, Promise<RecordedEvent[]>>();

  constructor(private readonly store: EventStore) {}

  stream(name: string): Promise<RecordedEvent[]> {
    const reading = this.streams.get(name) ?? this.store.readStream(name);
    this.streams.set(name, reading);
    return reading;
  }

  async event(id: string): Promise<RecordedEvent | undefined> {
    return (await eventsAt(this.store, await this.store.placesOf([id]))).get(id);
  }
}

interface StateRead {
  kind: AnyStream;
  stream: string;
  events: readonly RecordedEvent[];
  parts: PartsRead;
  /** Which notes what is read of it. */
  state: unknown;
}

/** Streams as they were before an event, and what a decision read of them. */
export class EarlierEvents {
  private readonly states: StateRead[] = [];
  /** By id: the events that were found. */
  private readonly found = new Map<string, RecordedEvent>();

  constructor(
    private readonly read: ReadOnce,
    private readonly position: Position,
  ) {}

  /** The same, of which nothing has been read. */
  unread(): EarlierEvents {
    return new EarlierEvents(this.read, this.position);
  }

  /** The state of a stream; what is read of it is noted. */
  readonly state = async <State, Event extends DomainEvent>(
    kind: StreamKind<State, Event>,
    id?: string,
  ): Promise<State> => {
    const stream = nameOf(kind, id);
    const events = await this.before(stream);
    const known = this.states.find((one) => one.stream === stream && one.kind === kind);
    if (known) return known.state as State;
    const parts = new PartsRead();
    const state = parts.of(foldRecorded(kind, events));
    this.states.push({ kind, stream, events, parts, state });
    return state;
  };

  /** The last event of a stream that is it; it is noted. */
  readonly event = async (
    stream: string,
    isIt: (event: RecordedEvent) => boolean,
  ): Promise<RecordedEvent | undefined> => this.noted((await this.before(stream)).findLast(isIt));

  /** One that was stored before; it is noted. */
  readonly find = async (id: string | undefined): Promise<RecordedEvent | undefined> => {
    const found = id === undefined ? undefined : await this.read.event(id);
    return found && found.position < this.position ? this.noted(found) : undefined;
  };

  /** The events of a stream that were stored before. */
  async before(stream: string): Promise<RecordedEvent[]> {
    return (await this.all(stream)).filter(({ position }) => position < this.position);
  }

  /** All of a stream, later ones too. */
  all(stream: string): Promise<RecordedEvent[]> {
    return this.read.stream(stream);
  }

  /** What was read of other streams than that of the decision. */
  restedOn(own: string): RestedOn[] {
    const others = this.states.filter(({ stream }) => stream !== own);
    const events = [...this.found.values()].filter(({ stream }) => stream !== own);
    return [
      ...others.flatMap(({ kind, stream, events: all, parts }) => valuesInForce(kind, stream, all, parts.all)),
      ...events.map(eventFound),
    ];
  }

  private noted(event: RecordedEvent | undefined): RecordedEvent | undefined {
    if (event) this.found.set(event.id, event);
    return event;
  }
}
