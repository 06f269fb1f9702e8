import type { LockSession } from './lock-session.js';

const ASK_EVERY_MS = 1_000;

/**
 * Work of one kind that any number of processes share: each named part is owned by one process at a time, through an
 * advisory lock, and the parts are spread evenly over the processes that joined. Who joined is read from the database's
 * locks, so a dead process is missing at once.
 */
export class Ownership {
  private readonly owned = new Map<string, AbortSignal>();
  private shared = false;
  private share: number;
  private askedAt = Number.NEGATIVE_INFINITY;
  private claiming = 0;

  /** @param count how many parts there are in all */
  constructor(
    private readonly locks: LockSession,
    private readonly group: string,
    private readonly count: number,
  ) {
    this.share = count;
  }

  /** From now on this process counts and keeps to its share; before, it claims whatever is free. */
  join(): void {
    this.shared = true;
  }

  /**
   * Keeps, or takes over, a part that is within this process's share; hands it back if it is beyond it. To be called when
   * nothing of the part is under way.
   * @returns a signal that aborts when the part is lost; undefined if it is not ours
   */
  async claim(name: string): Promise<AbortSignal | undefined> {
    if (this.shared) await this.learnShare();
    const owned = this.owned.get(name);
    if (owned && !owned.aborted) {
      if (this.owned.size <= this.share) return owned;
      await this.release(name);
      return undefined;
    }
    this.owned.delete(name);
    if (this.owned.size + this.claiming >= this.share) return undefined;
    this.claiming++;
    const held = await this.locks.tryHold(name);
    this.claiming--;
    if (held) this.owned.set(name, held);
    return held;
  }

  async release(name: string): Promise<void> {
    if (this.owned.delete(name)) await this.locks.release(name);
  }

  /** Shares differ by one at the most and add up to all parts. While the database is away the last share is kept. */
  private async learnShare(): Promise<void> {
    if (performance.now() - this.askedAt < ASK_EVERY_MS) return;
    this.askedAt = performance.now();
    const present = await this.locks.joinGroup(this.group);
    if (!present) return;
    const { members, before } = present;
    this.share = Math.floor(this.count / members) + (before < this.count % members ? 1 : 0);
  }
}
