import type { Clock } from '../../kernel/clock.js';
import type { Pool } from './database.js';

const ASK_EVERY_MS = 2_000;
const NOW = 'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now';

/**
 * The time of the database, which all processes share: a claim, a cap or a suspension does not depend on whose machine
 * decides or how that machine's clock is set. Between answers, and while the database is unreachable, it advances by the
 * monotonic clock, which can't be set.
 */
export class DatabaseClock implements Clock {
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  /** Add it to the monotonic time to get epoch milliseconds. */
  private offset = 0;
  /** Maximum error of the offset: half the round trip of its answer. */
  private uncertaintyMs = 0;

  private constructor(private readonly pool: Pool) {}

  /** Asks at once, and then every two seconds until it is closed. */
  static async open(pool: Pool): Promise<DatabaseClock> {
    const clock = new DatabaseClock(pool);
    await clock.ask();
    clock.askLater();
    return clock;
  }

  now(): number {
    return Math.floor(performance.now() + this.offset);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** An answer is exact to half its round trip. It counts if it contradicts the current offset or is at least as exact. */
  async ask(): Promise<void> {
    const asked = performance.now();
    const { rows } = await this.pool.query(NOW);
    const answered = performance.now();
    const offset = Number(rows[0].now) - (asked + answered) / 2;
    const halfMs = (answered - asked) / 2;
    const contradicts = Math.abs(offset - this.offset) > halfMs + this.uncertaintyMs;
    if (!contradicts && halfMs > this.uncertaintyMs) return;
    this.offset = offset;
    this.uncertaintyMs = halfMs;
  }

  private askLater(): void {
    this.timer = setTimeout(async () => {
      await this.ask().catch(() => {}); // the database is unreachable; the current offset stays
      if (!this.closed) this.askLater();
    }, ASK_EVERY_MS).unref();
  }
}
