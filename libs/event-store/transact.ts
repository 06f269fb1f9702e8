import type { DataFault } from '../events/event-schemas.js';
import { isNoOp, noOpRecorded } from '../events/no-op-recorded.js';
import { type Clock, toIso } from '../kernel/clock.js';
import { type CommandContext, OWN_SOURCE } from '../kernel/command-context.js';
import { foldRecorded, lastChange, type StreamKind } from '../kernel/decider.js';
import { atPresent, earlierMoment } from '../kernel/earlier-moment.js';
import type { DomainEvent, JsonObject, NewEvent, Position, RecordedEvent } from '../kernel/envelope.js';
import { StoreUnavailable, Unavailable } from '../kernel/errors.js';
import { metadataOf } from '../kernel/event-metadata.js';
import type { Ids } from '../kernel/ids.js';
import { Turns } from '../kernel/turns.js';
import { eventsAt, IdInUse, isFormerEvent } from './event-identity.js';
import { type EventStore, positionsOf, type StreamWrite, type WriteResult } from './event-store.js';
import { type Known, KnownStreams, unknownStream } from './known-streams.js';

export interface Transacted<State> {
  /** The state after the decision. */
  state: State;
  /** The stored events of the decision; empty for a no-op. */
  events: readonly NewEvent[];
  /** Position of the last event of the stream; 0 for an empty stream. */
  position: Position;
  /** The stream after the decision, for the next one of the same command; undefined if it is not known without reading it. */
  seen?: Seen<State> | undefined;
}

/** The state of a stream. */
export interface Loaded<State> {
  state: State;
  /** Position of the stream's last event; 0 for an empty stream. */
  position: Position;
  /** Position of its last event that may change the state; 0 for none. */
  changedAt: Position;
  /** The stream, for a decision of the command that loads it. */
  seen: Seen<State>;
}

/** Loads the state that a decision is about. */
export type Load<State> = () => Promise<State>;

/** A stream as it was read, with the events that were not known before. */
export interface Seen<State> extends Known<State> {
  read: readonly RecordedEvent[];
}

const MAX_CONFLICTS = 200;
const MAX_UNKNOWN_OUTCOMES = 3;
/** What the catalogue says of the events that decisions store. */
export interface EventRules {
  /** The schema version in which events of the type are stored. */
  version(type: string): number;
  /** The first error in the data of such an event; undefined if the data is valid. */
  fault(type: string, data: JsonObject): DataFault | undefined;
}

/** A decision would have stored an event that its schema refuses; nothing was stored. It is a defect of the decision. */
export class BrokenDecision extends Error {}

/** Loads, decides and appends at the exact revision that was read; restarts on a conflict. */
export class Transactor {
  private readonly known = new KnownStreams();
  /** Commands of this process on one stream don't compete with one another. */
  private readonly turns = new Turns();

  constructor(
    private readonly store: EventStore,
    private readonly ids: Ids,
    private readonly clock: Clock,
    private readonly rules: EventRules,
  ) {}

  /**
   * @param id the entity's id, or undefined for a kind with a single stream
   * @param decide `changedAt` is the position of the stream's last event that may change the state; 0 for none
   * @param gather reads what the decision needs from elsewhere, before each attempt; it may wait, and may write to the stream.
   *   If it needs the stream's state too, it loads it by its argument: then the decision is about just that state
   * @param seen the stream as this command has seen it a moment ago: the first attempt does not read it again, and its append
   *   proves that nothing has changed. A refusal, or a no-op without an event, is by the state as it was seen
   * @throws Refusal from `decide`; IdInUse for an incoming event; Unavailable `too-busy` after 200 conflicts in a row
   * @throws BrokenDecision if a schema refuses an event of the decision
   * @throws StoreUnavailable if the outcome of the append stays unknown; whatever `gather` throws
   */
  transact<State, Event extends DomainEvent, Facts = undefined>(
    kind: StreamKind<State, Event>,
    id: string | undefined,
    context: CommandContext,
    decide: (state: State, facts: Facts, changedAt: Position) => readonly Event[],
    gather?: (load: Load<State>) => Promise<Facts>,
    seen?: Seen<State>,
  ): Promise<Transacted<State>> {
    return atPresent(() => this.decided(kind, id, context, decide, gather, seen));
  }

  private async decided<State, Event extends DomainEvent, Facts>(
    kind: StreamKind<State, Event>,
    id: string | undefined,
    context: CommandContext,
    decide: (state: State, facts: Facts, changedAt: Position) => readonly Event[],
    gather?: (load: Load<State>) => Promise<Facts>,
    seenBefore?: Seen<State>,
  ): Promise<Transacted<State>> {
    const stream = nameOf(kind, id);
    for (let conflict = 0; conflict < MAX_CONFLICTS; conflict++) {
      let seen = conflict === 0 ? seenBefore : undefined;
      const load = async () => {
        seen = await this.read(kind, stream);
        return seen.state;
      };
      // Without `gather` there are no facts, and their type is undefined.
      const facts = (await gather?.(load)) as Facts;
      const done = await this.turns.take(stream, () =>
        this.attempt(kind, stream, context, (state, changedAt) => decide(state, facts, changedAt), seen),
      );
      if (done) return done;
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
    const seen = await this.read(kind, nameOf(kind, id));
    const { state, position, changedAt } = seen;
    return { state, position, changedAt, seen };
  }

  /** @returns undefined if the stream changed meanwhile */
  private async attempt<State, Event extends DomainEvent>(
    kind: StreamKind<State, Event>,
    stream: string,
    context: CommandContext,
    decide: (state: State, changedAt: Position) => readonly Event[],
    seen?: Seen<State>,
  ): Promise<Transacted<State> | undefined> {
    // What was read for the facts is read again only if this process knows that the stream has grown since.
    const isNewest = seen?.revision === this.known.get(kind, stream).revision;
    const { read, ...known } = seen && isNewest ? seen : await this.read(kind, stream);
    const { state, revision, position } = known;
    // The command was processed before, however the state has changed since.
    const processed = processedIn(read, context)?.position ?? (await this.placeBefore(known.places, stream, context));
    if (processed !== undefined) return { state, events: [], position: processed };
    const decided = decide(state, known.changedAt);
    const isSatisfied = decided.length === 0;
    if (isSatisfied && (context.eventId === undefined || context.isRecordedElsewhere)) {
      return { state, events: [], position };
    }
    const stored: readonly DomainEvent[] = isSatisfied ? [noOpRecorded(context.eventType)] : decided;
    const events = stored.map((event, index) => this.envelop(stream, event, index, context));
    const expected = revision < 0 ? 'no-stream' : revision;
    const { result, repeated } = await this.appendKnowing({ stream, expected, events });
    if (result.outcome === 'wrong-expected-revision') return undefined;
    if (result.outcome === 'duplicate-event-id') {
      const place = await this.placeOf(stream, result.known, context);
      return place === undefined
        ? undefined
        : { state: (await this.read(kind, stream)).state, events: [], position: place };
    }
    if (result.outcome === 'already-appended' && !repeated) {
      const now = await this.read(kind, stream);
      processedIn(now.read, context);
      return { state: now.state, events: [], position: result.position };
    }
    const positions = positionsOf(result, events.length);
    // As it will be read: a kind may count no-ops, which are stored but not decided.
    const recorded = events.map((event, i) => ({
      ...event,
      stream,
      revision: result.revision - events.length + 1 + i,
      position: positions[i]!,
      recordedAt: event.metadata.time,
    }));
    const after = {
      ...known,
      state: foldRecorded(kind, recorded, state),
      revision: result.revision,
      position: result.position,
      changedAt: lastChange(kind, recorded, known.changedAt),
    };
    const decision = { state: after.state, events: isSatisfied ? [] : events, position: result.position };
    if (!result.consecutive && events.length > 1) return decision;
    const ids = events.map((event, i) => [event.id, positions[i]!] as const);
    this.known.keep(kind, stream, after, ids);
    return { ...decision, seen: { ...after, read: [] } };
  }

  private async read<State, Event extends DomainEvent>(
    kind: StreamKind<State, Event>,
    stream: string,
  ): Promise<Seen<State>> {
    // What is known of the stream may be later than the moment that is asked for.
    const known = earlierMoment() ? unknownStream(kind) : this.known.get(kind, stream);
    const read = await this.store.readStream(stream, Math.max(0, known.revision));
    if (known.revision >= 0) {
      const newest = read.shift();
      if (!newest || known.places.get(newest.id) !== known.position) {
        // The log was restored from a backup, or its server failed over: the stream has another past.
        this.known.forget(kind, stream);
        return this.read(kind, stream);
      }
    }
    const last = read.at(-1);
    if (!last) return { ...known, read };
    const { revision, position } = last;
    const changedAt = lastChange(kind, read, known.changedAt);
    const now = { ...known, state: foldRecorded(kind, read, known.state), revision, position, changedAt };
    this.known.keep(
      kind,
      stream,
      now,
      read.map((event) => [event.id, event.position] as const),
    );
    return { ...now, read };
  }

  /** The command's position in the part of a stream that is already folded. */
  private async placeBefore(
    places: ReadonlyMap<string, Position>,
    stream: string,
    context: CommandContext,
  ): Promise<Position | undefined> {
    const { eventId = '', formerEventId = '' } = context;
    const place = places.get(eventId);
    if (place !== undefined) return this.placeOf(stream, new Map([[eventId, place]]), context);
    const before = places.get(formerEventId);
    if (before === undefined) return undefined;
    const former = await eventsAt(this.store, new Map([[formerEventId, before]]));
    return processedIn([...former.values()], context)?.position;
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
    const { eventId, actor, causationid, correlationid, source, sent, time, traceparent, tracestate } = context;
    // No reader could be trusted with what the schema does not allow, and a stored event stays as it is.
    const fault = this.rules.fault(event.type, event.data);
    if (fault) throw new BrokenDecision(`${stream}: ${event.type} was not stored, as ${fault.field} ${fault.message}`);
    const isSent = index === 0 && eventId !== undefined;
    return {
      id: isSent ? eventId : this.ids.next(),
      type: event.type,
      data: event.data,
      metadata: metadataOf({
        ...(isSent ? sent : {}),
        actor,
        causationid,
        correlationid,
        schemaversion: this.rules.version(event.type),
        source: (isSent ? source : undefined) ?? OWN_SOURCE,
        subject: stream,
        time: time ?? toIso(this.clock.now()),
        traceparent,
        tracestate,
      }),
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

/** The stream of an entity; without an id that of a kind with a single stream. */
export const nameOf = ({ category }: { category: string }, id: string | undefined): string =>
  id === undefined ? category : `${category}-${id}`;

/** The command's event in the stream, if it was processed. @throws IdInUse if another event there has its id */
function processedIn(
  history: readonly RecordedEvent[],
  { eventId, formerEventId, eventType, storedAs = [], source = OWN_SOURCE }: CommandContext,
): RecordedEvent | undefined {
  if (eventId === undefined) return undefined;
  const processed =
    history.find(({ id }) => id === eventId) ??
    history.find((event) => event.id === formerEventId && isFormerEvent(event, source));
  if (!processed) return undefined;
  const type = isNoOp(processed) ? processed.data.type : processed.type;
  const isSent = processed.metadata.source === source;
  const isExpected = eventType === undefined || type === eventType || storedAs.includes(type as string);
  if (!isSent || !isExpected) throw new IdInUse(processed);
  return processed;
}
