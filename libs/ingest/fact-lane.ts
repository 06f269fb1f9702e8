import { eventsAt, IdInUse, isSameEvent } from '../event-store/event-identity.js';
import { type EventStore, EventsRefused, positionsOf, StreamGone, WriteTooLarge } from '../event-store/event-store.js';
import type { NewEvent, Position } from '../kernel/envelope.js';
import { type GatehouseError, StoreUnavailable, Unavailable } from '../kernel/errors.js';
import { APPEND_EVENTS, LANE_WAITING } from '../kernel/fact-limits.js';

/** Of a stored fact. */
interface Place {
  outcome: 'accepted' | 'duplicate';
  /** The position of the fact, or an upper bound: the end of the batch that it was stored with. */
  position: Position;
}

/** `refused`: this fact can't be stored, however often it is sent; the others are. */
export interface FactOutcome {
  outcome: Place['outcome'] | 'refused';
  /** As above; 0 if it is refused. */
  position: Position;
  error?: GatehouseError;
}

interface Waiting {
  facts: readonly NewEvent[];
  resolve(outcomes: FactOutcome[]): void;
  reject(error: unknown): void;
}

const ATTEMPTS = 3;
const MAX_CONFLICTS = 100;

/**
 * Appends facts to one lane's stream, in batches at the exact revision. Facts that arrive during an append form the next
 * batch. A batch without an answer is retried unchanged, so it is never stored twice.
 */
export class FactLane {
  private waiting: Waiting[] = [];
  private factsWaiting = 0;
  private working = false;
  private revision: number | 'no-stream' | undefined;
  /** Maximum facts per append; lowered for a while if the store refuses a write of that size. */
  private batchSize = APPEND_EVENTS;

  constructor(
    private readonly store: EventStore,
    readonly stream: string,
  ) {}

  /**
   * @param facts with distinct ids
   * @throws StoreUnavailable if it is unknown whether they are stored; a retry is safe
   * @throws Unavailable `too-busy` if too many facts wait already; none of these is stored
   */
  append(facts: readonly NewEvent[]): Promise<FactOutcome[]> {
    if (this.factsWaiting > 0 && this.factsWaiting + facts.length > LANE_WAITING) {
      const message = `${this.factsWaiting} facts wait to be stored already: send these again in a moment`;
      return Promise.reject(new Unavailable('too-busy', message));
    }
    this.factsWaiting += facts.length;
    return new Promise((resolve, reject) => {
      this.waiting.push({ facts, resolve, reject });
      if (!this.working) {
        this.working = true;
        queueMicrotask(() => void this.work());
      }
    });
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.nextBatch();
      try {
        const facts = new Map<string, NewEvent>();
        for (const { facts: some } of batch) for (const fact of some) if (!facts.has(fact.id)) facts.set(fact.id, fact);
        const refused = new Map<string, GatehouseError>();
        const stored = await this.record(facts, refused);
        const known = await this.known(stored);
        const reported = new Set<string>();
        const outcomeOf = (fact: NewEvent): FactOutcome => {
          const error = refused.get(fact.id);
          if (error) return { outcome: 'refused', position: 0, error };
          const { outcome, position } = stored.get(fact.id)!;
          if (outcome === 'accepted' && !reported.has(fact.id)) {
            reported.add(fact.id);
            return { outcome, position };
          }
          const holder = known.get(fact.id) ?? facts.get(fact.id)!;
          return isSameEvent(fact, holder)
            ? { outcome: 'duplicate', position }
            : { outcome: 'refused', position: 0, error: new IdInUse(holder) };
        };
        for (const { facts: some, resolve } of batch) resolve(some.map(outcomeOf));
      } catch (error) {
        this.revision = undefined;
        // While the store is unreachable, later batches would fail too, one after the other, and wait ever longer.
        const failure = error instanceof StreamGone ? this.gone(error) : error;
        const behind = failure instanceof StoreUnavailable ? this.takeAll() : [];
        for (const { reject } of [...batch, ...behind]) reject(failure);
      }
    }
    this.working = false;
  }

  /** The fault is in the log, not in the facts: they wait until the log is restored. */
  private gone(error: StreamGone): StoreUnavailable {
    const message = `${this.stream} can't store facts any more (${error.message}): restore the log from a backup`;
    return new StoreUnavailable(message, { cause: error });
  }

  private nextBatch(): Waiting[] {
    let size = 0;
    let count = 0;
    while (count < this.waiting.length && (count === 0 || size + this.waiting[count]!.facts.length <= APPEND_EVENTS)) {
      size += this.waiting[count]!.facts.length;
      count++;
    }
    this.factsWaiting -= size;
    return this.waiting.splice(0, count);
  }

  private takeAll(): Waiting[] {
    this.factsWaiting = 0;
    return this.waiting.splice(0);
  }

  /** The stored events whose ids the duplicates have. */
  private known(stored: ReadonlyMap<string, Place>): Promise<ReadonlyMap<string, NewEvent>> {
    const places = new Map<string, Position>();
    for (const [id, { outcome, position }] of stored) if (outcome === 'duplicate') places.set(id, position);
    return eventsAt(this.store, places);
  }

  /** @param refused collects facts that can't be stored: too large even for a write of their own, or refused by the store */
  private async record(
    facts: Map<string, NewEvent>,
    refused: Map<string, GatehouseError>,
  ): Promise<Map<string, Place>> {
    const outcomes = new Map<string, Place>();
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; ) {
      const left = [...facts.values()].filter(({ id }) => !outcomes.has(id) && !refused.has(id));
      if (left.length === 0) return outcomes;
      const events = left.slice(0, this.batchSize);
      this.revision ??= (await this.store.readStreamTail(this.stream, 1))[0]?.revision ?? 'no-stream';
      const answer = await this.appendWithRetry(events, this.revision);
      if (answer instanceof WriteTooLarge) {
        if (events.length === 1) refused.set(events[0]!.id, answer);
        else this.batchSize = events.length >> 1;
        continue;
      }
      if (answer instanceof EventsRefused) {
        for (const id of answer.eventIds) refused.set(id, answer);
        continue;
      }
      const { result, asked } = answer;
      switch (result.outcome) {
        case 'wrong-expected-revision':
          conflicts++;
          this.revision = result.actual;
          break;
        case 'duplicate-event-id':
          conflicts++;
          for (const [id, position] of result.known) outcomes.set(id, { outcome: 'duplicate', position });
          break;
        case 'already-appended': {
          // Stored before our first attempt: another writer of this lane appended them, perhaps one by one.
          const outcome = asked > 1 ? 'accepted' : 'duplicate';
          const first = result.revision - events.length + 1;
          for (const { id, position } of await this.store.readStream(this.stream, first, events.length)) {
            outcomes.set(id, { outcome, position });
          }
          this.revision = result.revision;
          break;
        }
        case 'appended': {
          this.revision = result.revision;
          this.batchSize = Math.min(APPEND_EVENTS, this.batchSize + (this.batchSize >> 3) + 1);
          const positions = positionsOf(result, events.length);
          for (const [i, { id }] of events.entries())
            outcomes.set(id, { outcome: 'accepted', position: positions[i]! });
        }
      }
    }
    throw new StoreUnavailable(`${this.stream} has too many concurrent writers: let fewer processes share this lane`);
  }

  private async appendWithRetry(events: readonly NewEvent[], expected: number | 'no-stream') {
    for (let asked = 1; ; asked++) {
      try {
        const [result] = await this.store.append([{ stream: this.stream, expected, events }]);
        return { result: result!, asked };
      } catch (error) {
        if (error instanceof WriteTooLarge || error instanceof EventsRefused) return error;
        if (!(error instanceof StoreUnavailable) || asked === ATTEMPTS) throw error;
      }
    }
  }
}
