import { type EventStore, positionsOf, StoreUnavailable } from '../event-store/event-store.js';
import type { NewEvent, Position } from '../kernel/envelope.js';

export interface FactOutcome {
  outcome: 'accepted' | 'duplicate';
  /** Where the fact stands in the log, or at the latest: where the batch that it was stored with ends. */
  position: Position;
}

interface Waiting {
  facts: readonly NewEvent[];
  resolve(outcomes: FactOutcome[]): void;
  reject(error: unknown): void;
}

const MAX_BATCH = 2_000;
const TRIES = 3;
const MAX_CONFLICTS = 100;

/**
 * Writes facts to one lane stream, in batches at the exact revision. What arrives while a batch is under way goes with
 * the next one. A batch whose answer is lost is sent again as it was, so it is never stored twice.
 */
export class FactLane {
  private waiting: Waiting[] = [];
  private working = false;
  private revision: number | 'no-stream' | undefined;

  constructor(
    private readonly store: EventStore,
    readonly stream: string,
  ) {}

  /**
   * @param facts of distinct ids
   * @throws StoreUnavailable when it stays unknown whether they are stored; giving them again is safe
   */
  append(facts: readonly NewEvent[]): Promise<FactOutcome[]> {
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
        const stored = await this.record(facts);
        const told = new Set<string>();
        for (const { facts: some, resolve } of batch) {
          resolve(
            some.map(({ id }) => {
              const { outcome, position } = stored.get(id)!;
              const first = !told.has(id);
              told.add(id);
              return { outcome: first ? outcome : 'duplicate', position };
            }),
          );
        }
      } catch (error) {
        this.revision = undefined;
        for (const { reject } of batch) reject(error);
      }
    }
    this.working = false;
  }

  private take(): Waiting[] {
    let size = 0;
    let count = 0;
    while (count < this.waiting.length && (count === 0 || size + this.waiting[count]!.facts.length <= MAX_BATCH)) {
      size += this.waiting[count]!.facts.length;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async record(facts: Map<string, NewEvent>): Promise<Map<string, FactOutcome>> {
    const outcomes = new Map<string, FactOutcome>();
    for (let conflict = 0; conflict < MAX_CONFLICTS; conflict++) {
      const events = [...facts.values()].filter((fact) => !outcomes.has(fact.id));
      if (events.length === 0) return outcomes;
      this.revision ??= (await this.store.readStreamTail(this.stream, 1))[0]?.revision ?? 'no-stream';
      const { result, asked } = await this.appendKnowing(events, this.revision);
      switch (result.outcome) {
        case 'wrong-expected-revision':
          this.revision = result.actual;
          break;
        case 'duplicate-event-id':
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
        if (!(error instanceof StoreUnavailable) || asked === TRIES) throw error;
      }
    }
  }
}
