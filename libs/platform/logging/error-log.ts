import { isTransient } from '../../kernel/transient.js';
import type { Logger } from './logger.js';

const REPEAT_MS = 60_000;

/**
 * Logs errors of work that is retried several times a second. The same error is logged once a minute, with the number of
 * repeats, and without a stack if it is transient.
 */
export class ErrorLog {
  private last: { reason: string; at: number } | undefined;
  private repeats = 0;

  /**
   * @param what a sentence, such as "the projector failed and restarts"
   * @param now monotonic milliseconds
   */
  constructor(
    private readonly logger: Logger,
    private readonly what: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  report(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const at = this.now();
    if (this.last?.reason === reason && at - this.last.at < REPEAT_MS) {
      this.repeats++;
      return;
    }
    const more = this.repeats > 0 ? { repeats: this.repeats } : {};
    this.logger.warn({ ...(isTransient(error) ? { reason } : { err: error }), ...more }, this.what);
    this.last = { reason, at };
    this.repeats = 0;
  }
}
