import type pg from 'pg';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { type Checkpoint, moveCheckpoints, takeOver } from './checkpoints.js';
import type { LogTail } from './log-tail.js';
import type { Ownership } from './ownership.js';
import { runSubscription, type Subscriber } from './subscription.js';

/** Processes the events of one consumer. */
export interface EventHandler {
  /** The name of its checkpoint and of its ownership. */
  name: string;
  types: readonly string[];
  /** The checkpoint moves afterwards: after a crash events may be redelivered, but none is skipped. */
  handle(events: readonly RecordedEvent[], next: Position): Promise<void>;
  /**
   * Called before each page.
   * @param isNew true after a takeover or a failure
   */
  claimed(checkpoint: Checkpoint, isNew: boolean): Promise<void>;
  failed(error: unknown): void;
}

const PAGE = 1_000;
/** Minimum time between commits for pages without events of the consumer, which are most pages. */
const EMPTY_MOVE_MS = 200;

/** Follows the log from its own checkpoint. One process at a time owns it; the checkpoint's epoch fences off the others. */
export class OwnedSubscription implements Subscriber {
  private checkpoint: Checkpoint | undefined;
  private owned: AbortSignal | undefined;
  private movedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly pool: pg.Pool,
    private readonly log: LogTail,
    private readonly ownership: Ownership,
    private readonly handler: EventHandler,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    this.ownership.join();
    await runSubscription(this, signal);
  }

  /** Works until the log's current head; does nothing if another process owns the consumer. */
  async processAll(): Promise<void> {
    if (!(await this.claim())) return;
    const head = await this.log.head();
    while (this.checkpoint!.position < head) {
      this.movedAt = Number.NEGATIVE_INFINITY;
      const { types } = this.handler;
      const page = await this.log.readAll(this.checkpoint!.position, { limit: PAGE, types });
      await this.process(page.events, page.next);
    }
  }

  async claim(): Promise<boolean> {
    const owned = await this.ownership.claim(this.handler.name);
    if (owned !== this.owned) this.checkpoint = undefined;
    this.owned = owned;
    if (!owned) return false;
    const isNew = !this.checkpoint;
    if (isNew) [this.checkpoint] = await takeOver(this.pool, this.handler.name, [0]);
    await this.handler.claimed(this.checkpoint!, isNew);
    return true;
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { types } = this.handler;
    for await (const page of this.log.subscribe(this.checkpoint!.position, { limit: PAGE, types, signal })) {
      const { owned } = this;
      if (!(await this.claim()) || this.owned !== owned) return;
      await this.process(page.events, page.next);
    }
  }

  failed(error: unknown): void {
    this.checkpoint = undefined;
    this.handler.failed(error);
  }

  async release(): Promise<void> {
    this.checkpoint = undefined;
    this.owned = undefined;
    await this.ownership.release(this.handler.name);
  }

  private async process(events: readonly RecordedEvent[], next: Position): Promise<void> {
    if (next === this.checkpoint!.position) return;
    if (events.length === 0 && performance.now() - this.movedAt < EMPTY_MOVE_MS) return;
    await this.handler.handle(events, next);
    await moveCheckpoints(this.pool, [this.checkpoint!], next);
    this.checkpoint!.position = next;
    this.movedAt = performance.now();
  }
}
