import { eventsAt, isSameEvent } from '../event-store/event-identity.js';
import { type EventStore, positionsOf, StreamGone, WriteTooLarge } from '../event-store/event-store.js';
import type { NewEvent, Position } from '../kernel/envelope.js';
import { StoreUnavailable, Unavailable } from '../kernel/errors.js';
import { APPEND_EVENTS, LANE_WAITING } from '../kernel/fact-limits.js';

export interface FactOutcome {
  outcome: 'accepted' | 'duplicate' | 'id-in-use';
  /** Where the fact stands in the log, or at the latest: where the batch that it was stored with ends. */
  position: Position;
  /** The other event that has the id. */
  holder?: NewEvent;
}

interface Waiting {
  facts: readonly NewEvent[];
  resolve(outcomes: FactOutcome[]): void;
  reject(error: unknown): void;
}

const TRIES = 3;
const MAX_CONFLICTS = 100;

/**
 * Writes facts to one lane stream, in batches at the exact revision. What arrives while a batch is under way goes with
 * the next one. A batch whose answer is lost is sent again as it was, so it is never stored twice.
 */
export class FactLane {
  private waiting: Waiting[] = [];
  private factsWaiting = 0;
  private working = false;
  private revision: number | 'no-stream' | undefined;
  /** Facts given to the store at once; fewer for a while where it takes no write that large. */
  private most = APPEND_EVENTS;

  constructor(
    private readonly store: EventStore,
    readonly stream: string,
  ) {}

  /**
   * @param facts of distinct ids
   * @throws StoreUnavailable when it stays unknown whether they are stored; giving them again is safe
   * @throws WriteTooLarge for a fact that the store does not take even alone; the others are stored
   * @throws Unavailable `too-busy` when too many wait already; none of these is stored
   */
  append(facts: readonly NewEvent[]): Promise<FactOutcome[]> {
    if (this.factsWaiting > 0 && this.factsWaiting + facts.length > LANE_WAITING) {
      const message = `${this.factsWaiting} facts wait to be stored already; give these again in a moment`;
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
      const batch = this.take();
      try {
        const facts = new Map<string, NewEvent>();
        for (const { facts: some } of batch) for (const fact of some) if (!facts.has(fact.id)) facts.set(fact.id, fact);
        const refused = new Map<string, WriteTooLarge>();
        const stored = await this.record(facts, refused);
        const known = await this.known(stored);
        const told = new Set<string>();
        for (const { facts: some, resolve, reject } of batch) {
          const tooLarge = some.find(({ id }) => refused.has(id));
          if (tooLarge) reject(refused.get(tooLarge.id));
          else
            resolve(
              some.map((fact) => {
                const { outcome, position } = stored.get(fact.id)!;
                if (outcome === 'accepted' && !told.has(fact.id)) {
                  told.add(fact.id);
                  return { outcome, position };
                }
                const holder = known.get(fact.id) ?? facts.get(fact.id)!;
                return isSameEvent(fact, holder)
                  ? { outcome: 'duplicate', position }
                  : { outcome: 'id-in-use', position, holder };
              }),
            );
        }
      } catch (error) {
        this.revision = undefined;
        // While the store is away those behind would find the same one after the other, and wait ever longer.
        const failure = error instanceof StreamGone ? this.gone(error) : error;
        const behind = failure instanceof StoreUnavailable ? this.takeAll() : [];
        for (const { reject } of [...batch, ...behind]) reject(failure);
      }
    }
    this.working = false;
  }

  /** The fault is in none of the facts: they wait for whoever mends the log. */
  private gone(error: StreamGone): StoreUnavailable {
    const message = `${this.stream} takes no facts any more (${error.message}): bring the log back from a backup`;
    return new StoreUnavailable(message, { cause: error });
  }

  private take(): Waiting[] {
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

  /** What the log holds under the ids that were there before. */
  private known(stored: ReadonlyMap<string, FactOutcome>): Promise<ReadonlyMap<string, NewEvent>> {
    const places = new Map<string, Position>();
    for (const [id, { outcome, position }] of stored) if (outcome === 'duplicate') places.set(id, position);
    return eventsAt(this.store, places);
  }

  /** @param refused takes the facts that the store does not take even alone */
  private async record(
    facts: Map<string, NewEvent>,
    refused: Map<string, WriteTooLarge>,
  ): Promise<Map<string, FactOutcome>> {
    const outcomes = new Map<string, FactOutcome>();
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; ) {
      const left = [...facts.values()].filter(({ id }) => !outcomes.has(id) && !refused.has(id));
      if (left.length === 0) return outcomes;
      const events = left.slice(0, this.most);
      this.revision ??= (await this.store.readStreamTail(this.stream, 1))[0]?.revision ?? 'no-stream';
      const answer = await this.appendKnowing(events, this.revision);
      if (answer instanceof WriteTooLarge) {
        if (events.length === 1) refused.set(events[0]!.id, answer);
        else this.most = events.length >> 1;
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
          // Standing there at the first try, they were stored by another writer of this lane, perhaps one by one.
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
          this.most = Math.min(APPEND_EVENTS, this.most + (this.most >> 3) + 1);
          const positions = positionsOf(result, events.length);
          for (const [i, { id }] of events.entries())
            outcomes.set(id, { outcome: 'accepted', position: positions[i]! });
        }
      }
    }
    throw new StoreUnavailable(`${this.stream} is written by too many others; give fewer processes the same lane`);
  }

  private async appendKnowing(events: readonly NewEvent[], expected: number | 'no-stream') {
    for (let asked = 1; ; asked++) {
      try {
        const [result] = await this.store.append([{ stream: this.stream, expected, events }]);
        return { result: result!, asked };
      } catch (error) {
        if (error instanceof WriteTooLarge) return error;
        if (!(error instanceof StoreUnavailable) || asked === TRIES) throw error;
      }
    }
  }
}
