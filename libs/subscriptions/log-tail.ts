import type { EventStore, Page, ReadAllOptions } from '../event-store/event-store.js';
import { coalesced } from '../kernel/coalesced.js';
import type { Position } from '../kernel/envelope.js';
import { StoreUnavailable } from '../kernel/errors.js';
import { Changes, pause } from '../kernel/wait.js';
import { LogWindow } from './log-window.js';

export interface SubscribeOptions extends Omit<ReadAllOptions, 'including'> {
  signal: AbortSignal;
}

/** Small enough that decoding a page does not delay requests. */
const TAIL_PAGE = 1_000;
const DEFAULT_PAGE = 1_000;
/** Poll interval of an idle log. */
const IDLE_MS = 1_000;
const RETRY_MS = 500;
/** How long a reader of what has just been stored waits for the shared reading rather than read it once more. */
const NEAR_MS = 20;
/** Maximum wait for news, of which there are none while the store is unreachable. */
const MAX_WAIT_MS = 60_000;

/** The shared reading of the log, as long as it has consumers. */
class Reading {
  readonly changes = new Changes();
  readonly stop = new AbortController();
  /** Undefined until the store has answered. */
  window: LogWindow | undefined;
  consumers = 0;
  /** Number of reads that found no event after the window. */
  timesAtHead = 0;
  failure: unknown;
  ended: Promise<void> = Promise.resolve();

  holds(position: Position): boolean {
    return this.window !== undefined && position >= this.window.start && position < this.window.end;
  }

  get end(): Position {
    return this.window?.end ?? 0;
  }
}

/**
 * Reads the log once per process: each event is read and decoded once, and every consumer gets its types from the newest
 * part, which is kept in memory. A consumer further behind reads its own pages until it has caught up. Consumers do not
 * wait for each other: a slow one falls behind alone.
 */
export class LogTail {
  private current: Reading | undefined;
  private readonly sharedHead = coalesced((): Promise<Position> => this.store.head());
  private closed = false;

  /** @param newWindow creates a window of the events after a position */
  constructor(
    private readonly store: EventStore,
    private readonly newWindow: (start: Position) => LogWindow = (start) => new LogWindow(start),
  ) {}

  /**
   * Yields the pages after a position as they are stored: every event of the types once, in log order. For an idle log it
   * yields an empty page at least every second, which proves that there is nothing after `next`. Waits while the store is
   * unreachable. Ends when the signal aborts.
   * @throws every other error of the store
   */
  async *subscribe(after: Position, { types, limit = DEFAULT_PAGE, signal }: SubscribeOptions): AsyncGenerator<Page> {
    const wanted = types && new Set(types);
    const reading = this.enter();
    let position = after;
    /** Its own last page ended at the head, so the shared reading will deliver the next events. */
    let isNear = false;
    try {
      let { timesAtHead } = reading;
      while (!signal.aborted && !this.closed) {
        if (reading.failure) throw reading.failure;
        if (reading.holds(position)) {
          const { events, next } = reading.window!.after(position, wanted, limit);
          ({ timesAtHead } = reading);
          position = next;
          yield { events, next, atHead: false };
        } else if (position >= reading.end && (isNear || reading.window?.end === position)) {
          const isOver = () => reading.end > position || reading.failure !== undefined || this.closed;
          const isNews = () => isOver() || reading.timesAtHead > timesAtHead;
          if (!(await reading.changes.until(isNews, MAX_WAIT_MS, signal)) || isOver()) continue;
          ({ timesAtHead } = reading);
          yield { events: [], next: position, atHead: true };
        } else {
          const own = () => this.store.readAll(position, { limit, ...(types && { types }) });
          const page = await this.untilAnswered(own, signal);
          if (!page) return;
          isNear = page.atHead;
          position = page.next;
          yield page;
        }
      }
    } finally {
      this.leave(reading);
    }
  }

  /** The same as the store's, but from memory if possible. */
  async readAll(after: Position, options: ReadAllOptions = {}): Promise<Page> {
    const { types, limit = DEFAULT_PAGE, including } = options;
    const reading = this.current;
    if (including || !reading?.holds(after)) return this.store.readAll(after, options);
    const page = reading.window!.after(after, types && new Set(types), limit);
    return { ...page, atHead: page.next === reading.end && page.next >= (await this.head()) };
  }

  /**
   * A page of the events after a position and up to a stored one, perhaps with later ones: from memory if it holds them or is
   * about to. `atHead` says only whether the page reaches that position.
   */
  async readTo(end: Position, after: Position, types: readonly string[]): Promise<Page> {
    const reading = this.current;
    if (reading?.window && after >= reading.window.start && reading.end < end) {
      const isThere = () => reading.end >= end || reading.failure !== undefined || this.closed;
      await reading.changes.until(isThere, NEAR_MS);
    }
    if (!reading?.holds(after)) return this.store.readAll(after, { types });
    const page = reading.window!.after(after, new Set(types), DEFAULT_PAGE);
    return { ...page, atHead: page.next >= end };
  }

  head(): Promise<Position> {
    return this.sharedHead();
  }

  /** Ends every subscription. */
  async close(): Promise<void> {
    this.closed = true;
    const reading = this.current;
    reading?.stop.abort();
    reading?.changes.notify();
    await reading?.ended;
  }

  private enter(): Reading {
    let reading = this.current;
    if (!reading) {
      reading = new Reading();
      this.current = reading;
      reading.ended = this.read(reading);
    }
    reading.consumers++;
    return reading;
  }

  private leave(reading: Reading): void {
    if (--reading.consumers > 0) return;
    reading.stop.abort();
    if (this.current === reading) this.current = undefined;
  }

  private async read(reading: Reading): Promise<void> {
    const { signal } = reading.stop;
    try {
      const start = await this.untilAnswered(() => this.store.head(), signal);
      if (start === undefined) return;
      const window = this.newWindow(start);
      reading.window = window;
      while (!signal.aborted) {
        reading.changes.notify();
        const next = () => this.store.readNext(window.end, { limit: TAIL_PAGE, waitMs: IDLE_MS, signal });
        const page = await this.untilAnswered(next, signal);
        if (!page || signal.aborted) return;
        window.add(page);
        if (page.events.length === 0) reading.timesAtHead++;
      }
    } catch (error) {
      reading.failure = error;
      if (this.current === reading) this.current = undefined;
      reading.changes.notify();
    }
  }

  /** Retries while the store is unreachable. @returns undefined if the signal aborts */
  private async untilAnswered<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer | undefined> {
    while (!signal.aborted) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        await pause(RETRY_MS, signal);
      }
    }
    return undefined;
  }
}
