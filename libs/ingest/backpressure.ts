import type { Position } from '../kernel/envelope.js';
import { VIEW_LEAD_EVENTS } from '../kernel/fact-limits.js';
import { Changes } from '../kernel/wait.js';

/** A projector that was not heard of for this long, or never, holds nothing back: another process may have its lanes. */
const PATIENCE_MS = 2_000;

/**
 * Holds new facts back while the process's own projector is far behind: beyond some lead it would have to read them back
 * from the database, fall further behind, and views would show ever older facts. Without a projector it is always open.
 */
export class Backpressure {
  private stored: Position = 0;
  private projected: Position = 0;
  /** On the monotonic clock. */
  private heardAt = Number.NEGATIVE_INFINITY;
  private readonly changes = new Changes();

  /** @param lead how far facts may be stored ahead of the views of the same process, in positions of the log */
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
