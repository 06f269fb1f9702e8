import type { Position } from '../kernel/envelope.js';
import { VIEW_LEAD_EVENTS } from '../kernel/fact-limits.js';
import { Changes } from '../kernel/wait.js';

/** A projector without a report for this long, or without any, delays nothing: another process may own its shards. */
const PATIENCE_MS = 2_000;

/**
 * Delays new facts while this process's projector is far behind: beyond the lead it would have to read facts back from the
 * database, fall further behind and show ever older views. Without a projector in the process it delays nothing.
 */
export class Backpressure {
  private stored: Position = 0;
  private projected: Position = 0;
  /** Monotonic time of the last report. */
  private heardAt = Number.NEGATIVE_INFINITY;
  private readonly changes = new Changes();

  /** @param lead maximum lead of stored facts over the views of this process, in positions of the log */
  constructor(private readonly lead: Position = VIEW_LEAD_EVENTS) {}

  /** Facts up to here are stored. */
  noteStored(position: Position): void {
    if (position > this.stored) this.stored = position;
  }

  /** The views of this process have passed the position. */
  noteProjected(position: Position): void {
    this.projected = position;
    this.heardAt = performance.now();
    this.changes.notify();
  }

  async pass(): Promise<void> {
    await this.changes.until(() => !this.isFull(), PATIENCE_MS);
  }

  private isFull(): boolean {
    return this.stored - this.projected > this.lead && performance.now() - this.heardAt < PATIENCE_MS;
  }
}
