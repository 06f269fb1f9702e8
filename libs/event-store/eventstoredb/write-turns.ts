interface Waiter {
  weight: number;
  start(): void;
}

/** Runs work concurrently up to a total weight, and the work of one stream in order. */
export class WriteTurns {
  private free: number;
  private readonly waiting: Waiter[] = [];
  private readonly lastOf = new Map<string, Promise<unknown>>();

  constructor(private readonly capacity: number) {
    this.free = capacity;
  }

  /** @param weight work above the capacity runs alone */
  run<Result>(stream: string, weight: number, work: () => Promise<Result>): Promise<Result> {
    const taken = Math.min(weight, this.capacity);
    const before = this.lastOf.get(stream) ?? Promise.resolve();
    const result = before
      .then(() => this.take(taken))
      .then(async () => {
        try {
          return await work();
        } finally {
          this.free += taken;
          this.wake();
        }
      });
    const settled: Promise<unknown> = result
      .catch(() => {})
      .then(() => {
        if (this.lastOf.get(stream) === settled) this.lastOf.delete(stream);
      });
    this.lastOf.set(stream, settled);
    return result;
  }

  private take(weight: number): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ weight, start: resolve });
      this.wake();
    });
  }

  private wake(): void {
    while (this.waiting[0] && this.waiting[0].weight <= this.free) {
      const { weight, start } = this.waiting.shift()!;
      this.free -= weight;
      start();
    }
  }
}
