import type { Position, RecordedEvent } from '../kernel/envelope.js';
import type { EventStore, NextOptions, Page, ReadAllOptions, StreamWrite, WriteResult } from './event-store.js';

/** Forwards every call to another store, for those that change a few. */
export abstract class ForwardingEventStore implements EventStore {
  constructor(protected readonly store: EventStore) {}

  append(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    return this.store.append(writes);
  }

  readStream(stream: string, from?: number, limit?: number): Promise<RecordedEvent[]> {
    return this.store.readStream(stream, from, limit);
  }

  readStreamTail(stream: string, limit: number): Promise<RecordedEvent[]> {
    return this.store.readStreamTail(stream, limit);
  }

  readAll(after: Position, options?: ReadAllOptions): Promise<Page> {
    return this.store.readAll(after, options);
  }

  readPositions(positions: readonly Position[]): Promise<RecordedEvent[]> {
    return this.store.readPositions(positions);
  }

  head(): Promise<Position> {
    return this.store.head();
  }

  readNext(after: Position, options: NextOptions): Promise<Page> {
    return this.store.readNext(after, options);
  }

  placesOf(ids: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    return this.store.placesOf(ids);
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
