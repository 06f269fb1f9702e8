import type { Position } from '../kernel/envelope.js';

/** In PostgreSQL a position is one event; this is what its tail cache holds, with room. */
const LEAD: Position = 16_000;
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
  private readonly waiting = new Set<() => void>();

  /** @param lead how far facts may be stored ahead of the views of the same process, in positions of the log */
  constructor(private readonly lead = LEAD) {}

  /** Facts up to here are stored. */
  noteStored(position: Position): void {
    if (position > this.stored) this.stored = position;
  }

  /** The views of this process have passed the position. */
  noteProjected(position: Position): void {
    this.projected = position;
    this.heardAt = performance.now();
    if (!this.isFull()) for (const wake of this.waiting) wake();
  }

  async pass(): Promise<void> {
    if (!this.isFull()) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, PATIENCE_MS);
      this.waiting.add(wake);
    });
  }

  private isFull(): boolean {
    return this.stored - this.projected > this.lead && performance.now() - this.heardAt < PATIENCE_MS;
  }
}
