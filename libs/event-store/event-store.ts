import type { NewEvent, Position, RecordedEvent } from '../kernel/envelope.js';
import { GatehouseError } from '../kernel/errors.js';

/** `no-stream`: the stream must be empty. `any`: no check; only for writers that do not decide. */
export type ExpectedRevision = number | 'no-stream' | 'any';

export interface StreamWrite {
  stream: string;
  expected: ExpectedRevision;
  events: readonly NewEvent[];
}

/**
 * `already-appended`: these events, by id, stand at the place the write asked for; the original place is answered.
 * `revision` and `position` are those of the write's last event; `consecutive`: the others' positions are the ones right
 * before it. `duplicate-event-id`: some of the ids stand elsewhere in
 * the log, at the positions given; nothing of the write was stored.
 */
export type WriteResult =
  | { outcome: 'appended' | 'already-appended'; revision: number; position: Position; consecutive?: boolean }
  | { outcome: 'wrong-expected-revision'; actual: number | 'no-stream' }
  | { outcome: 'duplicate-event-id'; known: ReadonlyMap<string, Position> };

export interface Page {
  events: RecordedEvent[];
  /** Where to read on: every event up to here was looked at, also those the filter left out. */
  next: Position;
  /** True when nothing was stored behind `next` at the moment of the read. */
  atHead: boolean;
  /** About how much memory the events take, if the adapter can tell. */
  bytes?: number;
}

export interface ReadAllOptions {
  /** Only these event types. */
  types?: readonly string[];
  /** Events in a page at the most. */
  limit?: number;
  /** Also the event at the position itself. */
  including?: boolean;
}

export interface NextOptions {
  /** Events in the page at the most. */
  limit?: number;
  /** How long to wait for something behind the position. */
  waitMs: number;
  signal: AbortSignal;
}

/**
 * Where each event of a stored write stands. Where the adapter does not tell, it is where the last one stands: a reader
 * that has passed it has passed them all.
 */
export const positionsOf = (
  { position, consecutive }: { position: Position; consecutive?: boolean },
  events: number,
): Position[] => Array.from({ length: events }, (_, i) => (consecutive ? position - events + 1 + i : position));

/** The stream was deleted by somebody in the store itself, and takes nothing ever again. */
export class StreamGone extends Error {}

/** The store takes no write that large; nothing of it was stored. Several events may be given in parts. */
export class WriteTooLarge extends GatehouseError {
  constructor(message: string) {
    super('write-too-large', message, 'too-large');
  }
}

/**
 * One ordered log of events in streams.
 *
 * A call of append carries several streams and is answered per stream: each write is atomic in itself and stands alone.
 * Many streams in one call are not atomic: with EventStoreDB some of the writes may be stored and others not, also when
 * the call fails, so callers must be right then. PostgreSQL happens to store them together.
 * A retry of the same ids at the same expected revision never stores twice.
 * Readers see a prefix of the global order: once a page has passed a position, nothing appears at or before it.
 */
export interface EventStore {
  append(writes: readonly StreamWrite[]): Promise<WriteResult[]>;

  /**
   * The events of a stream from a revision on, oldest first; a missing stream is empty.
   * @param limit events at the most, all by default
   */
  readStream(stream: string, from?: number, limit?: number): Promise<RecordedEvent[]>;

  /** The newest events of a stream, oldest first. */
  readStreamTail(stream: string, limit: number): Promise<RecordedEvent[]>;

  /**
   * Events after (not at) a position, in global order. A page may hold fewer than are there: the rest is behind `next`.
   * @param after 0, or a position that this log has given: others may be refused with InvalidInput
   */
  readAll(after: Position, options?: ReadAllOptions): Promise<Page>;

  /** Position of the newest event; 0 for an empty log. */
  head(): Promise<Position>;

  /**
   * The next page after a position, of all types, as soon as something is stored there. Once the wait is over the log
   * itself is asked, so an empty page proves that its head is `next`. What this process appended, or the server pushed,
   * need not be read again. For the one reader of a process, who calls it again and again: that is how it follows the log.
   * When the signal aborts it answers at once.
   */
  readNext(after: Position, options: NextOptions): Promise<Page>;

  close(): Promise<void>;
}
