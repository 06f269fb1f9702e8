import type { Position, RecordedEvent } from '../../kernel/envelope.js';
import { APPEND_EVENTS, WINDOW_BYTES } from '../../kernel/fact-limits.js';

interface Run {
  events: readonly RecordedEvent[];
  bytes: number;
}

/** Enough while the reader reads them at once; more collect only if it is busy or missing. */
const MAX_EVENTS = 16 * APPEND_EVENTS;

const firstOf = ({ events }: Run): Position => events[0]!.position;
const lastOf = ({ events }: Run): Position => events.at(-1)!.position;

/**
 * Events that this process appended and its reader has not read yet, so that they are not read and decoded again. Appends
 * return in any order, and other processes append in between: there may be gaps.
 */
export class OwnAppends {
  /** In the order of their positions. */
  private runs: Run[] = [];
  private count = 0;
  private bytes = 0;

  constructor(private readonly maxBytes = WINDOW_BYTES) {}

  /**
   * @param events committed, of consecutive positions
   * @param bytes approximate memory
   */
  offer(events: readonly RecordedEvent[], bytes: number): void {
    if (events.length === 0) return;
    const run = { events, bytes };
    let place = this.runs.length;
    while (place > 0 && firstOf(this.runs[place - 1]!) > firstOf(run)) place--;
    this.runs.splice(place, 0, run);
    this.count += events.length;
    this.bytes += bytes;
    while ((this.count > MAX_EVENTS || this.bytes > this.maxBytes) && this.runs.length > 1) this.shift();
  }

  /** Number of positions between a position and the next event; undefined if there is none. */
  gapAfter(position: Position): number | undefined {
    const next = this.runs.find((run) => lastOf(run) > position);
    return next && Math.max(0, firstOf(next) - 1 - position);
  }

  /** Events directly after a position, without a gap. Drops earlier ones, which are not read any more. */
  take(position: Position, limit: number): { events: RecordedEvent[]; bytes: number } {
    const events: RecordedEvent[] = [];
    let bytes = 0;
    for (let run = this.runs[0]; run && events.length < limit; run = this.runs[0]) {
      const end = events.at(-1)?.position ?? position;
      if (firstOf(run) > end + 1) break;
      this.shift();
      const from = Math.max(0, end + 1 - firstOf(run));
      const to = Math.min(run.events.length, from + limit - events.length);
      for (let n = from; n < to; n++) events.push(run.events[n]!);
      bytes += Math.ceil((run.bytes * Math.max(0, to - from)) / run.events.length);
      if (to < run.events.length) this.putBack(run, Math.max(from, to));
    }
    return { events, bytes };
  }

  private shift(): void {
    const { events, bytes } = this.runs.shift()!;
    this.count -= events.length;
    this.bytes -= bytes;
  }

  private putBack({ events, bytes }: Run, from: number): void {
    const left = events.slice(from);
    if (left.length === 0) return;
    const run = { events: left, bytes: Math.ceil((bytes * left.length) / events.length) };
    this.runs.unshift(run);
    this.count += left.length;
    this.bytes += run.bytes;
  }
}
