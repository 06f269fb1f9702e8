import type { LockSession } from './lock-session.js';

const ASK_EVERY_MS = 1_000;

/**
 * Work of one kind that any number of processes share, a named seat each: a seat is held by one process at a time, and the
 * seats are spread evenly over the processes that came in. Who is there is read off the database's locks, so that a dead
 * process is missing at once.
 */
export class Ownership {
  private readonly held = new Map<string, AbortSignal>();
  private shared = false;
  private share: number;
  private askedAt = Number.NEGATIVE_INFINITY;
  private taking = 0;

  /** @param count how many seats there are in all */
  constructor(
    private readonly locks: LockSession,
    private readonly group: string,
    private readonly count: number,
  ) {
    this.share = count;
  }

  /** From now on this process counts and keeps to its share; before, it takes whatever is free. */
  enter(): void {
    this.shared = true;
  }

  /**
   * Takes the seat where it is free and within this process's share; hands it back where it is beyond it. To be called
   * when nothing is under way in the seat.
   * @returns a signal that aborts when the seat is lost; undefined when it is not ours
   */
  async keep(name: string): Promise<AbortSignal | undefined> {
    if (this.shared) await this.learnShare();
    const held = this.held.get(name);
    if (held && !held.aborted) {
      if (this.held.size <= this.share) return held;
      await this.release(name);
      return undefined;
    }
    this.held.delete(name);
    if (this.held.size + this.taking >= this.share) return undefined;
    this.taking++;
    const taken = await this.locks.tryHold(name);
    this.taking--;
    if (taken) this.held.set(name, taken);
    return taken;
  }

  async release(name: string): Promise<void> {
    if (this.held.delete(name)) await this.locks.release(name);
  }

  /** Shares differ by one at the most and add up to all seats. While the database is away the last share is kept. */
  private async learnShare(): Promise<void> {
    if (performance.now() - this.askedAt < ASK_EVERY_MS) return;
    this.askedAt = performance.now();
    const present = await this.locks.comeIn(this.group);
    if (!present) return;
    const { members, before } = present;
    this.share = Math.floor(this.count / members) + (before < this.count % members ? 1 : 0);
  }
}
