import type { EventStore } from '../../event-store/event-store.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';

/** Streams as they were before an event; each is read once. */
export class EarlierEvents {
  private readonly streams = new Map<string, Promise<RecordedEvent[]>>();

  constructor(
    private readonly store: Pick<EventStore, 'readStream'>,
    private readonly position: Position,
  ) {}

  /** The events of a stream that were stored before. */
  readonly before = async (stream: string): Promise<RecordedEvent[]> =>
    (await this.all(stream)).filter(({ position }) => position < this.position);

  /** All of them, later ones too. */
  all(stream: string): Promise<RecordedEvent[]> {
    const reading = this.streams.get(stream) ?? this.store.readStream(stream);
    this.streams.set(stream, reading);
    return reading;
  }
}
