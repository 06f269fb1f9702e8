/** Runs a limited number of tasks at a time; some more wait in the order of their arrival. */
export class Slots {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param refuse throws, since too many wait */
  constructor(
    private readonly most: number,
    private readonly mostWaiting: number,
    private readonly refuse: () => never,
  ) {}

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.running < this.most) this.running++;
    else {
      if (this.waiting.length >= this.mostWaiting) this.refuse();
      // The slot is passed on, so that nobody can take it in between.
      await new Promise<void>((start) => this.waiting.push(start));
    }
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
