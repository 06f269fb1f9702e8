import type { NewEvent, Position, RecordedEvent } from '../kernel/envelope.js';
import { GatehouseError, StoreUnavailable, Unavailable } from '../kernel/errors.js';

/** `no-stream`: the stream must be empty. `any`: no check; only for writers that do not decide. */
export type ExpectedRevision = number | 'no-stream' | 'any';

export interface StreamWrite {
  stream: string;
  expected: ExpectedRevision;
  events: readonly NewEvent[];
}

/**
 * `already-appended`: these events, by id, are stored at the revision of the write; the original position is returned.
 * `revision` and `position` are those of the write's last event; `consecutive`: the others' positions are those directly
 * before it. `duplicate-event-id`: some of the ids are stored elsewhere in the log, at the returned positions; nothing of
 * the write was stored.
 */
export type WriteResult =
  | { outcome: 'appended' | 'already-appended'; revision: number; position: Position; consecutive?: boolean }
  | { outcome: 'wrong-expected-revision'; actual: number | 'no-stream' }
  | { outcome: 'duplicate-event-id'; known: ReadonlyMap<string, Position> };

export interface Page {
  events: RecordedEvent[];
  /** The position to read on after: all events up to here were read, including those that the filter excluded. */
  next: Position;
  /** True if nothing was stored after `next` at the time of the read. */
  atHead: boolean;
  /** Approximate memory of the events in bytes, if the adapter knows it. */
  bytes?: number;
}

export interface ReadAllOptions {
  /** Only these event types. */
  types?: readonly string[];
  /** Maximum events per page. */
  limit?: number;
  /** Includes the event at the position itself. */
  including?: boolean;
}

export interface NextOptions {
  /** Maximum events in the page. */
  limit?: number;
  /** Maximum wait for an event after the position. */
  waitMs: number;
  signal: AbortSignal;
}

/**
 * The position of each event of a stored write. If the adapter does not know it, the position of the last one: a reader
 * that has passed it has passed them all.
 */
export const positionsOf = (
  { position, consecutive }: { position: Position; consecutive?: boolean },
  events: number,
): Position[] => Array.from({ length: events }, (_, i) => (consecutive ? position - events + 1 + i : position));

/** The store that does not answer is a server of its own, not the database. */
export class EventStoreUnavailable extends StoreUnavailable {}

/** The stream was deleted in the store itself and can never be written again. */
export class StreamGone extends Error {}

/** The write is too large for the store; nothing of it was stored. Several events may be appended in parts. */
export class WriteTooLarge extends GatehouseError {
  constructor(message: string) {
    super('write-too-large', message, 'too-large');
  }
}

/** Some events can't be stored, however often the write is retried. Nothing of the write was stored. */
export class EventsRefused extends GatehouseError {
  constructor(
    readonly eventIds: ReadonlySet<string>,
    cause: GatehouseError,
  ) {
    super(cause.code, cause.message, cause.kind, cause.details, { cause });
  }
}

/**
 * No event of the log is at the position. That is the caller's fault only if the caller chose the position: otherwise the
 * log is another than the one that gave it, or is not complete.
 */
export class UnknownPosition extends Unavailable {
  constructor(readonly position: Position) {
    super('position-unknown', `${position} is not a position of this log`);
  }
}

/**
 * One ordered log of events in streams.
 *
 * A call of append carries several streams and returns an outcome per stream: each write is atomic by itself. Several
 * streams in one call are not atomic: with EventStoreDB some writes may be stored and others not, even if the call fails,
 * and callers must cope with that. PostgreSQL happens to store them together.
 * A retry of the same ids at the same expected revision never stores twice.
 * Readers see a prefix of the global order: once a page has passed a position, nothing appears at or before it.
 */
export interface EventStore {
  /**
   * The log may add a nonce to the metadata of an event: don't share that object between events.
   * @throws EventsRefused if the id of an event is not a UUID
   */
  append(writes: readonly StreamWrite[]): Promise<WriteResult[]>;

  /**
   * The events of a stream from a revision on, oldest first; a missing stream is empty.
   * @param limit maximum events, all by default
   */
  readStream(stream: string, from?: number, limit?: number): Promise<RecordedEvent[]>;

  /** The newest events of a stream, oldest first. */
  readStreamTail(stream: string, limit: number): Promise<RecordedEvent[]>;

  /**
   * Events after (not at) a position, in global order. A page may hold fewer than exist: the rest is after `next`.
   * @param after 0, or a position that this log has returned
   * @throws UnknownPosition for others, if the store can tell
   */
  readAll(after: Position, options?: ReadAllOptions): Promise<Page>;

  /**
   * The events at positions that this log has returned, in the order of the positions given; those where no event is are
   * left out.
   */
  readPositions(positions: readonly Position[]): Promise<RecordedEvent[]>;

  /** Position of the newest event; 0 for an empty log. */
  head(): Promise<Position>;

  /**
   * The next page after a position, of all types, as soon as an event is stored there. Once the wait is over the log itself
   * is read, so an empty page proves that its head is `next`. Events that this process appended, or the server pushed, are
   * not read again. Only for the single reader of a process, which follows the log by calling it repeatedly. Returns at
   * once if the signal aborts.
   */
  readNext(after: Position, options: NextOptions): Promise<Page>;

  /** The positions of the stored facts among these ids, as far as the store remembers them: see the adapters. */
  placesOf(ids: readonly string[]): Promise<ReadonlyMap<string, Position>>;

  close(): Promise<void>;
}
