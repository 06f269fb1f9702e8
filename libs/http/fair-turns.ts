/** Starts the task unless it is no longer of use; true if it did. */
export type Task = () => boolean;

/**
 * Starts at most one task in each turn of the event loop: at once if none has started in this turn. Keys take turns, and the
 * tasks of one key keep their order.
 */
export class FairTurns {
  /** The next key comes first. */
  private readonly waiting = new Map<string, Task[]>();
  private isTurnUsed = false;

  take(key: string, task: Task): void {
    if (!this.isTurnUsed) {
      if (task()) this.useTurn();
      return;
    }
    const tasks = this.waiting.get(key);
    if (tasks) tasks.push(task);
    else this.waiting.set(key, [task]);
  }

  private useTurn(): void {
    this.isTurnUsed = true;
    setImmediate(() => {
      this.isTurnUsed = false;
      if (this.startOne()) this.useTurn();
    });
  }

  private startOne(): boolean {
    for (const [key, tasks] of this.waiting) {
      this.waiting.delete(key);
      let hasStarted = false;
      while (tasks.length > 0 && !hasStarted) hasStarted = tasks.shift()!();
      if (tasks.length > 0) this.waiting.set(key, tasks);
      if (hasStarted) return true;
    }
    return false;
  }
}
