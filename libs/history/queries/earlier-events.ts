import { eventsAt } from '../../event-store/event-identity.js';
import type { EventStore } from '../../event-store/event-store.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';

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

/** Streams as they were before an event. */
export class EarlierEvents {
  /** By stream: what was asked of it. */
  readonly asked = new Map<string, RecordedEvent[]>();
  /** By id: the events that were found. */
  readonly found = new Map<string, RecordedEvent>();

  constructor(
    private readonly read: ReadOnce,
    private readonly position: Position,
  ) {}

  /** The events of a stream that were stored before. */
  readonly before = async (stream: string): Promise<RecordedEvent[]> => {
    const events = (await this.all(stream)).filter(({ position }) => position < this.position);
    this.asked.set(stream, events);
    return events;
  };

  /** One that was stored before. */
  readonly find = async (id: string | undefined): Promise<RecordedEvent | undefined> => {
    const found = id === undefined ? undefined : await this.read.event(id);
    if (!found || found.position >= this.position) return undefined;
    this.found.set(found.id, found);
    return found;
  };

  /** All of a stream, later ones too. */
  all(stream: string): Promise<RecordedEvent[]> {
    return this.read.stream(stream);
  }
}
