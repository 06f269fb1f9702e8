import { LRUCache } from 'lru-cache';
import type { StreamKind } from '../kernel/decider.js';
import type { DomainEvent, Position } from '../kernel/envelope.js';

/** What a stream has come to, with the revision to read on from. */
export interface Known<State> {
  state: State;
  /** -1 for an empty stream. */
  revision: number;
  /** Position of its last event; 0 for an empty stream. */
  position: Position;
  /** Position of its last event that may change the state; 0 for none. */
  changedAt: Position;
  /** The position of each of its events, by id; shared by all versions of the stream, so it may have later ones. */
  places: Map<string, Position>;
}

/** A stream of which nothing is known yet. */
export const unknownStream = <State, Event extends DomainEvent>({
  initial,
}: StreamKind<State, Event>): Known<State> => ({
  ...{ state: initial, revision: -1, position: 0, changedAt: 0, places: new Map() },
});

/** About 150 bytes each, so 15 MB, unless a few streams are very long. */
const EVENTS_REMEMBERED = 100_000;
/** A longer stream counts as this many, so that the only stream of a kind is kept however long it gets. */
const LARGEST = EVENTS_REMEMBERED / 10;

/**
 * The streams that decisions used recently, folded. Folding a prefix and then the rest equals folding the whole, so an
 * older version only costs a longer read; a decision on one is appended at its revision, which proves that it is current.
 * A reader first checks that the log still has the newest known event, which proves that the prefix is that of the log.
 */
export class KnownStreams {
  private readonly streams = new LRUCache<string, Known<unknown>>({
    maxSize: EVENTS_REMEMBERED,
    sizeCalculation: ({ places }) => Math.min(1 + places.size, LARGEST),
  });
  /** Kinds may fold the same stream in their own way. */
  private readonly kinds = new Map<unknown, number>();

  get<State, Event extends DomainEvent>(kind: StreamKind<State, Event>, stream: string): Known<State> {
    const known = this.streams.get(this.key(kind, stream)) as Known<State> | undefined;
    return known ?? unknownStream(kind);
  }

  /** Keeps the newer version. @param ids the position of each event since the version that `get` returned */
  keep<State, Event extends DomainEvent>(
    kind: StreamKind<State, Event>,
    stream: string,
    known: Known<State>,
    ids: Iterable<readonly [string, Position]>,
  ): void {
    const key = this.key(kind, stream);
    if (known.revision <= (this.streams.peek(key)?.revision ?? -1)) return;
    for (const [id, position] of ids) known.places.set(id, position);
    this.streams.set(key, known);
  }

  forget(kind: unknown, stream: string): void {
    this.streams.delete(this.key(kind, stream));
  }

  private key(kind: unknown, stream: string): string {
    let number = this.kinds.get(kind);
    if (number === undefined) {
      number = this.kinds.size;
      this.kinds.set(kind, number);
    }
    return `${number} ${stream}`;
  }
}
