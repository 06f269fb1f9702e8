interface Limits {
  atOnce: number;
  /** A wave that lasts longer makes room for the next. */
  longestMs: number;
}

/**
 * Lets concurrent work begin together: what arrives while so many waves are under way begins as one wave when the first of
 * them is over. So the questions that it asks in the same order go together, in few large batches and not in many small ones.
 */
export class Waves {
  private waiting: (() => Promise<unknown>)[] = [];
  private underWay = 0;

  constructor(private readonly limits: Limits) {}

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => work().then(resolve, reject));
      // What arrives in this turn of the event loop begins with it.
      if (this.waiting.length === 1) setImmediate(() => this.begin());
    });
  }

  private begin(): void {
    if (this.underWay === this.limits.atOnce || this.waiting.length === 0) return;
    const wave = this.waiting;
    this.waiting = [];
    this.underWay++;
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      this.underWay--;
      this.begin();
    };
    const timer = setTimeout(end, this.limits.longestMs);
    void Promise.all(wave.map((start) => start())).then(end);
  }
}
