import { StoreUnavailable } from './errors.js';

interface Waiting {
  start(): void;
  refuse(error: unknown): void;
}

/** Runs the work of one key one after the other, in the order of arrival; that of different keys concurrently. */
export class Turns {
  private readonly queues = new Map<string, Waiting[]>();

  /** @throws StoreUnavailable at once if the work in front of it failed with it: in turn each would only fail later */
  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const queue = this.queues.get(key) ?? [];
    if (this.queues.has(key)) await new Promise<void>((start, refuse) => queue.push({ start, refuse }));
    else this.queues.set(key, queue);
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreUnavailable) for (const { refuse } of queue.splice(0)) refuse(error);
      throw error;
    } finally {
      const next = queue.shift();
      if (next) next.start();
      else this.queues.delete(key);
    }
  }
}
