import type { EventStore, Page, ReadAllOptions } from '../event-store/event-store.js';
import type { Position } from '../kernel/envelope.js';
import { StoreUnavailable } from '../kernel/errors.js';
import { Changes, pause } from '../kernel/wait.js';
import { LogWindow } from './log-window.js';

export interface SubscribeOptions extends Omit<ReadAllOptions, 'including'> {
  signal: AbortSignal;
}

/** Small enough that decoding one holds nobody up. */
const TAIL_PAGE = 1_000;
const DEFAULT_PAGE = 1_000;
/** An idle log is asked this often. */
const IDLE_MS = 1_000;
const RETRY_MS = 500;
/** While the store is away there is no news; a consumer then looks again after this long. */
const LONGEST_WAIT_MS = 60_000;

/** The reading that goes on while somebody follows the log. */
class Reading {
  readonly changes = new Changes();
  readonly stop = new AbortController();
  /** Undefined until the log was heard of. */
  window: LogWindow | undefined;
  consumers = 0;
  /** How often the log was asked, and ended where the window does. */
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
 * The one reading of the log in a process: each event is read and decoded once, and every consumer takes its types from
 * the newest part, which is kept in memory. Whoever is further behind reads pages of its own until it is near. Consumers
 * do not wait for one another: a slow one falls behind alone.
 */
export class LogTail {
  private current: Reading | undefined;
  private closed = false;

  /** @param newWindow of the events behind a position */
  constructor(
    private readonly store: EventStore,
    private readonly newWindow: (start: Position) => LogWindow = (start) => new LogWindow(start),
  ) {}

  /**
   * Pages after a position as they come, for ever: every event of the types once, in the log's order. An idle log yields
   * an empty page at least every second, which proves that the log was asked and held nothing behind `next`. Waits while
   * the store is away. Ends when the signal aborts.
   * @throws what else is wrong with the store
   */
  async *subscribe(after: Position, { types, limit = DEFAULT_PAGE, signal }: SubscribeOptions): AsyncGenerator<Page> {
    const wanted = types && new Set(types);
    const reading = this.enter();
    let position = after;
    /** Its own last page ended at the head, so the reading will bring what follows. */
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
          if (!(await reading.changes.until(isNews, LONGEST_WAIT_MS, signal)) || isOver()) continue;
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

  /** As the store's; what is in memory is not read again. */
  async readAll(after: Position, options: ReadAllOptions = {}): Promise<Page> {
    const { types, limit = DEFAULT_PAGE, including } = options;
    const reading = this.current;
    if (including || !reading?.holds(after)) return this.store.readAll(after, options);
    const page = reading.window!.after(after, types && new Set(types), limit);
    return { ...page, atHead: page.next === reading.end && page.next >= (await this.store.head()) };
  }

  head(): Promise<Position> {
    return this.store.head();
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

  /** Tries again while the store is away. @returns undefined when the signal aborts */
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
