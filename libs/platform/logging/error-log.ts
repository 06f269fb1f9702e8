import { isTransient } from '../../kernel/transient.js';
import type { Logger } from './logger.js';

const QUIET_MS = 60_000;

/**
 * Tells of work that failed and is tried again, some times a second until it goes well: the same trouble is told once a
 * minute, with how often it came meanwhile. One that passes by itself needs no stack.
 */
export class ErrorLog {
  private last: { reason: string; at: number } | undefined;
  private suppressed = 0;

  /**
   * @param what a sentence, such as "the projector failed and restarts"
   * @param now milliseconds that only go forward
   */
  constructor(
    private readonly logger: Logger,
    private readonly what: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  report(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const at = this.now();
    if (this.last?.reason === reason && at - this.last.at < QUIET_MS) {
      this.suppressed++;
      return;
    }
    const more = this.suppressed > 0 ? { untold: this.suppressed } : {};
    this.logger.warn({ ...(isTransient(error) ? { reason } : { err: error }), ...more }, this.what);
    this.last = { reason, at };
    this.suppressed = 0;
  }
}
