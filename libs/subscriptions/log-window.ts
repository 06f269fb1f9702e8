import type { Page } from '../event-store/event-store.js';
import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { WINDOW_BYTES, WINDOW_EVENTS } from '../kernel/fact-limits.js';

/** Assumed size of an event if the store reports none. */
const EVENT_BYTES = 1_024;

interface Stretch {
  events: RecordedEvent[];
  bytes: number;
  end: Position;
}

/** A part of the log in memory: all events after `start` up to `end`. Drops the oldest if it gets too large. */
export class LogWindow {
  private stretches: Stretch[] = [];
  private count = 0;
  private bytes = 0;
  private newest: Position;

  constructor(
    private oldest: Position,
    private readonly maxEvents = WINDOW_EVENTS,
    private readonly maxBytes = WINDOW_BYTES,
  ) {
    this.newest = oldest;
  }

  get start(): Position {
    return this.oldest;
  }

  get end(): Position {
    return this.newest;
  }

  /** @param page the page directly after `end` */
  add({ events, next, bytes = events.length * EVENT_BYTES }: Page): void {
    if (next <= this.newest) return;
    this.newest = next;
    this.stretches.push({ events, bytes, end: next });
    this.count += events.length;
    this.bytes += bytes;
    while (this.stretches.length > 1 && (this.count > this.maxEvents || this.bytes > this.maxBytes)) {
      const oldest = this.stretches.shift()!;
      this.count -= oldest.events.length;
      this.bytes -= oldest.bytes;
      this.oldest = oldest.end;
    }
  }

  /** Events after a position in the window, and the position up to which it was searched. */
  after(position: Position, types: ReadonlySet<string> | undefined, limit: number): Pick<Page, 'events' | 'next'> {
    const events: RecordedEvent[] = [];
    for (let n = this.stretchAfter(position); n < this.stretches.length; n++) {
      for (const event of this.stretches[n]!.events) {
        if (event.position <= position || (types && !types.has(event.type))) continue;
        events.push(event);
        if (events.length === limit) return { events, next: event.position };
      }
    }
    return { events, next: this.newest };
  }

  private stretchAfter(position: Position): number {
    let low = 0;
    let high = this.stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.stretches[middle]!.end <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
