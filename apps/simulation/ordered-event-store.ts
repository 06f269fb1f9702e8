import type { StreamWrite, WriteResult } from '../../libs/event-store/event-store.js';
import { ForwardingEventStore } from '../../libs/event-store/forwarding-event-store.js';

interface Turn {
  /** Resolves once all turns that were taken before have passed. */
  before: Promise<unknown>;
  pass(): void;
}

/** A store to which work that runs at once appends in the order in which it was started. The store inside keeps the order of calls. */
export class OrderedEventStore extends ForwardingEventStore {
  /** By stream. */
  private readonly turns = new Map<string, Turn>();
  private last: Promise<unknown> = Promise.resolve();

  /**
   * Runs work whose first append to a stream waits for the first appends of all work that was started before, or for its end.
   * Other appends wait for nothing.
   * @param stream of no other work that runs
   */
  async inTurn<Result>(stream: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.last;
    let pass!: () => void;
    const passed = new Promise<void>((resolve) => {
      pass = resolve;
    });
    this.last = Promise.all([before, passed]);
    this.turns.set(stream, { before, pass });
    try {
      return await work();
    } finally {
      this.turns.delete(stream);
      pass();
    }
  }

  override async append(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    const turn = writes.map(({ stream }) => this.turns.get(stream)).find((found) => found !== undefined);
    await turn?.before;
    const results = this.store.append(writes);
    turn?.pass();
    return results;
  }
}
