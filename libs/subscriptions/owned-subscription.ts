import type pg from 'pg';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { pause } from '../kernel/wait.js';
import { type Checkpoint, moveCheckpoints, type ReactorProgress, storeProgress, takeOver } from './checkpoints.js';
import type { LogTail } from './log-tail.js';
import type { Ownership } from './ownership.js';
import { runSubscription, type Subscriber } from './subscription.js';

/** Processes the events of one consumer. */
export interface EventHandler {
  /** The name of its checkpoint and of its ownership. */
  name: string;
  types: readonly string[];
  /**
   * Processes events, or begins to: the checkpoint moves when they are finished. After a crash events may be redelivered,
   * but none is skipped.
   */
  handle(events: readonly RecordedEvent[], next: Position): Promise<void>;
  /** Of a handler that goes on while the next page is read. */
  background?: BackgroundWork;
  /**
   * Called before each page.
   * @param isNew true after a takeover or a failure
   */
  claimed(checkpoint: Checkpoint, isNew: boolean): Promise<void>;
  /** Time between a page that is not full and the next, so that many small ones become few. None by default. */
  restMs?: number;
  failed(error: unknown): void;
}

export interface BackgroundWork {
  progress(): ReactorProgress;
  /** Starts afresh after a position. */
  start(position: Position): void;
  /** @returns false if there is no room for another page within the time */
  hasRoom(limitMs: number): Promise<boolean>;
  finish(): Promise<void>;
  /** Starts no more work, and resolves once none is running. */
  stop(): Promise<void>;
}

const PAGE = 1_000;
/** Minimum time between commits while they can wait: for pages without events of the consumer, and for background work. */
const MOVE_MS = 200;
/** Time between signs of life during long work. */
const ALIVE_MS = 1_000;

/** Follows the log from its own checkpoint. One process at a time owns it; the checkpoint's epoch fences off the others. */
export class OwnedSubscription implements Subscriber {
  private checkpoint: Checkpoint | undefined;
  /** The progress that was stored last since the takeover, as JSON. */
  private stored: string | undefined;
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
    const { types, background } = this.handler;
    const head = await this.log.head();
    let { position } = this.checkpoint!;
    background?.start(position);
    try {
      while (position < head) {
        const page = await this.log.readAll(position, { limit: PAGE, types });
        position = page.next;
        await this.process(page.events, position, true);
      }
      await background?.finish();
    } finally {
      await background?.stop();
      await this.move(this.checkpoint!.position);
    }
  }

  async claim(): Promise<boolean> {
    const owned = await this.ownership.claim(this.handler.name);
    if (owned !== this.owned) this.checkpoint = undefined;
    this.owned = owned;
    if (!owned) return false;
    const isNew = !this.checkpoint;
    if (isNew) {
      [this.checkpoint] = await takeOver(this.pool, this.handler.name, [0]);
      this.stored = undefined;
    }
    await this.prepare(isNew);
    return true;
  }

  /** The work before a page may take minutes, during which progress is stored. */
  private async prepare(isNew: boolean): Promise<void> {
    const { claimed, background } = this.handler;
    const checkpoint = this.checkpoint!;
    if (!background) return claimed(checkpoint, isNew);
    let showing = Promise.resolve();
    const show = () => {
      const progress = background.progress();
      // It has not started after the new checkpoint yet.
      return this.storeProgress(isNew ? { ...progress, position: checkpoint.position, finished: 0 } : progress);
    };
    const timer = setInterval(() => {
      showing = showing.then(show);
      // It is thrown once the work is done.
      showing.catch(() => undefined);
    }, ALIVE_MS);
    try {
      await claimed(checkpoint, isNew);
    } finally {
      clearInterval(timer);
    }
    await showing;
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { types, background, restMs } = this.handler;
    const { owned } = this;
    background?.start(this.checkpoint!.position);
    try {
      for await (const page of this.log.subscribe(this.checkpoint!.position, { limit: PAGE, types, signal })) {
        if (!(await this.claim()) || this.owned !== owned) return;
        await this.process(page.events, page.next);
        if (restMs && page.events.length > 0 && page.events.length < PAGE) await pause(restMs, signal);
        while (background && !signal.aborted && !(await background.hasRoom(MOVE_MS)))
          await this.storeProgress(background.progress());
      }
      await background?.stop();
      if (background) await this.storeProgress(background.progress());
    } finally {
      await background?.stop();
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

  private async process(events: readonly RecordedEvent[], next: Position, isLast = false): Promise<void> {
    const { background } = this.handler;
    if (!background && next === this.checkpoint!.position) return;
    const canWait = (events.length === 0 || background !== undefined) && !isLast;
    const isEarly = canWait && performance.now() - this.movedAt < MOVE_MS;
    // Without background work the page is read again, since its own reading is not kept anywhere.
    if (isEarly && events.length === 0 && !background) return;
    await this.handler.handle(events, next);
    if (!isEarly) await this.move(next);
  }

  /** @param to without background work, which has its own progress */
  private async move(to: Position): Promise<void> {
    const { background } = this.handler;
    if (background) return this.storeProgress(background.progress());
    if (to === this.checkpoint!.position) return;
    await moveCheckpoints(this.pool, [this.checkpoint!], to);
    this.checkpoint!.position = to;
    this.movedAt = performance.now();
  }

  private async storeProgress(progress: ReactorProgress): Promise<void> {
    const shown = JSON.stringify(progress);
    // Unfinished work is stored again and again, as a sign of life.
    if (shown === this.stored && !progress.isWorking && !progress.retrying) return;
    await storeProgress(this.pool, this.checkpoint!, progress);
    this.checkpoint!.position = progress.position;
    this.stored = shown;
    this.movedAt = performance.now();
  }
}
