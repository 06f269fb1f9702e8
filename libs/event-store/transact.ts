import { isNoOp, noOpRecorded } from '../events/no-op-recorded.js';
import type { Clock } from '../kernel/clock.js';
import { toIso } from '../kernel/clock.js';
import { type CommandContext, ECHO_SOURCE, OWN_SOURCE } from '../kernel/command-context.js';
import { fold, foldRecorded, type StreamKind } from '../kernel/decider.js';
import type { DomainEvent, NewEvent, Position, RecordedEvent } from '../kernel/envelope.js';
import { StoreUnavailable, Unavailable } from '../kernel/errors.js';
import type { Ids } from '../kernel/ids.js';
import { eventsAt, IdInUse } from './event-identity.js';
import { type EventStore, positionsOf, type StreamWrite, type WriteResult } from './event-store.js';

export interface Transacted<State> {
  /** The state after the decision. */
  state: State;
  /** The stored events of the decision; empty for a no-op. */
  events: readonly NewEvent[];
  /** Position of the last event of the stream; 0 for an empty stream. */
  position: Position;
}

/** The state of a stream. */
export interface Loaded<State> {
  state: State;
  /** Position of the stream's last event; 0 for an empty stream. */
  position: Position;
}

/** The same, with the revision to read on from. */
interface Folded<State> extends Loaded<State> {
  /** -1 for an empty stream. */
  revision: number;
}

/** For a kind with a single stream: also the position of each of its events, by id. */
interface Known<State> extends Folded<State> {
  places: Map<string, Position>;
}

const MAX_CONFLICTS = 50;
const MAX_UNKNOWN_OUTCOMES = 3;
/** The schema version in which events of a type are stored. */
export type SchemaVersions = (type: string) => number;

/** Loads, decides and appends at the exact revision that was read; restarts on a conflict. */
export class Transactor {
  /** A kind's single stream grows forever: folding resumes from this state, never from the start. */
  private readonly folded = new Map<string, Known<unknown>>();

  constructor(
    private readonly store: EventStore,
    private readonly ids: Ids,
    private readonly clock: Clock,
    private readonly schemaVersion: SchemaVersions,
  ) {}

  /**
   * @param id the entity's id, or undefined for a kind with a single stream
   * @throws Refusal from `decide`; IdInUse for an incoming event; Unavailable `too-busy` after 50 conflicts in a row
   * @throws StoreUnavailable if the outcome of the append stays unknown
   */
  async transact<State, Event extends DomainEvent>(
    kind: StreamKind<State, Event>,
    id: string | undefined,
    context: CommandContext,
    decide: (state: State) => readonly Event[],
  ): Promise<Transacted<State>> {
    const stream = nameOf(kind, id);
    for (let conflict = 0; conflict < MAX_CONFLICTS; conflict++) {
      const { state, revision, position, read } = await this.read(kind, id);
      // The command was processed before, however the state has changed since.
      const processed = processedIn(read, context)?.position ?? (await this.placeBefore(stream, context));
      if (processed !== undefined) return { state, events: [], position: processed };
      const decided = decide(state);
      const isSatisfied = decided.length === 0;
      if (isSatisfied && context.eventId === undefined) return { state, events: [], position };

      const stored: readonly DomainEvent[] = isSatisfied ? [noOpRecorded(context.eventType)] : decided;
      const events = stored.map((event, index) => this.envelop(stream, event, index, context));
      const { result, repeated } = await this.appendKnowing({
        stream,
        expected: revision < 0 ? 'no-stream' : revision,
        events,
      });
      if (result.outcome === 'wrong-expected-revision') continue;
      if (result.outcome === 'duplicate-event-id') {
        const place = await this.placeOf(stream, result.known, context);
        if (place === undefined) continue;
        return { state: (await this.load(kind, id)).state, events: [], position: place };
      }
      if (result.outcome === 'already-appended' && !repeated) {
        const now = await this.read(kind, id);
        processedIn(now.read, context);
        return { state: now.state, events: [], position: result.position };
      }
      if (isSatisfied) return { state, events: [], position: result.position };
      const positions = positionsOf(result, decided.length);
      const places = decided.map((event, i) => ({
        ...event,
        position: positions[i]!,
        metadata: events[i]!.metadata,
      }));
      return { state: fold(kind, places, state), events, position: result.position };
    }
    throw new Unavailable(
      'too-busy',
      `${stream} changed ${MAX_CONFLICTS} times during this decision: retry the command`,
    );
  }

  /** The state after all stored events. @param id as for `transact` */
  async load<State, Event extends DomainEvent>(
    kind: StreamKind<State, Event>,
    id: string | undefined,
  ): Promise<Loaded<State>> {
    const { state, position } = await this.read(kind, id);
    return { state, position };
  }

  private async read<State, Event extends DomainEvent>(
    kind: StreamKind<State, Event>,
    id: string | undefined,
  ): Promise<Folded<State> & { read: readonly RecordedEvent[] }> {
    const stream = nameOf(kind, id);
    const known = (this.folded.get(stream) as Known<State>) ?? startOf(kind);
    const read = await this.store.readStream(stream, known.revision + 1);
    const last = read.at(-1);
    if (!last) return { ...known, read };
    const state = foldRecorded(kind, read, known.state);
    const { revision, position } = last;
    if (id === undefined && revision > (this.folded.get(stream)?.revision ?? -1)) {
      for (const event of read) known.places.set(event.id, event.position);
      this.folded.set(stream, { state, revision, position, places: known.places });
    }
    return { state, revision, position, read };
  }

  /** The command's position in the part of a stream that is already folded. */
  private async placeBefore(stream: string, context: CommandContext): Promise<Position | undefined> {
    const { eventId = '' } = context;
    const place = this.folded.get(stream)?.places.get(eventId);
    return place === undefined ? undefined : this.placeOf(stream, new Map([[eventId, place]]), context);
  }

  /** The command's position if it was stored meanwhile or earlier. @throws IdInUse if another event has its id */
  private async placeOf(
    stream: string,
    known: ReadonlyMap<string, Position>,
    context: CommandContext,
  ): Promise<Position | undefined> {
    const [holder] = (await eventsAt(this.store, known)).values();
    if (!holder) return undefined;
    if (holder.stream !== stream) throw new IdInUse(holder);
    return (processedIn([holder], context) ?? holder).position;
  }

  private envelop(stream: string, event: DomainEvent, index: number, context: CommandContext): NewEvent {
    const { eventId, eventType: _, source = OWN_SOURCE, time = toIso(this.clock.now()), ...rest } = context;
    return {
      id: index === 0 && eventId ? eventId : this.ids.next(),
      type: event.type,
      data: event.data,
      metadata: { ...rest, source, subject: stream, time, schemaversion: this.schemaVersion(event.type) },
    };
  }

  /** Retries a lost append with the same ids at the same revision, which never stores twice. */
  private async appendKnowing(write: StreamWrite): Promise<{ result: WriteResult; repeated: boolean }> {
    for (let attempt = 1; ; attempt++) {
      try {
        return { result: (await this.store.append([write]))[0]!, repeated: attempt > 1 };
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || attempt === MAX_UNKNOWN_OUTCOMES) throw error;
      }
    }
  }
}

const nameOf = ({ category }: { category: string }, id: string | undefined): string =>
  id === undefined ? category : `${category}-${id}`;

const startOf = <State>({ initial }: { initial: State }): Known<State> => ({
  state: initial,
  revision: -1,
  position: 0,
  places: new Map(),
});

/** The command's event in the stream, if it was processed. @throws IdInUse if another event there has its id */
function processedIn(
  history: readonly RecordedEvent[],
  { eventId, eventType, source = OWN_SOURCE }: CommandContext,
): RecordedEvent | undefined {
  const processed = eventId === undefined ? undefined : history.find(({ id }) => id === eventId);
  if (!processed) return undefined;
  const from = processed.metadata.source;
  const isSent = from === source || (from === OWN_SOURCE && source === ECHO_SOURCE);
  const type = isNoOp(processed) ? processed.data.type : processed.type;
  if (!isSent || (eventType !== undefined && type !== eventType)) throw new IdInUse(processed);
  return processed;
}
