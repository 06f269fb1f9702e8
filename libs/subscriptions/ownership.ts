import type { LockSession } from './lock-session.js';

const ASK_EVERY_MS = 1_000;

/**
 * Shares work of one kind between any number of processes: each named part has one owner at a time, through an advisory
 * lock, and the parts are spread evenly over the processes that joined. The members are read from the database's locks, so
 * a dead process is gone at once.
 */
export class Ownership {
  private readonly owned = new Map<string, AbortSignal>();
  private shared = false;
  private share: number;
  private askedAt = Number.NEGATIVE_INFINITY;
  private claiming = 0;

  /** @param count total number of parts */
  constructor(
    private readonly locks: LockSession,
    private readonly group: string,
    private readonly count: number,
  ) {
    this.share = count;
  }

  /** From now on this process is a member and keeps to its share; before, it claims any free part. */
  join(): void {
    this.shared = true;
  }

  /**
   * Keeps or takes over a part within this process's share, and releases one beyond it. Call it only while no work on the
   * part is running.
   * @returns a signal that aborts if the part is lost; undefined if it is not ours
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

  /** Shares differ by at most one and add up to all parts. While the database is unreachable the share stays the same. */
  private async learnShare(): Promise<void> {
    if (performance.now() - this.askedAt < ASK_EVERY_MS) return;
    this.askedAt = performance.now();
    const present = await this.locks.joinGroup(this.group);
    if (!present) return;
    const { members, before } = present;
    this.share = Math.floor(this.count / members) + (before < this.count % members ? 1 : 0);
  }
}
