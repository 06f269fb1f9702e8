import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Starts one long task per turn of the event loop. Requests that arrive meanwhile are answered in between, so a short
 * request never waits for all the long tasks.
 */
export class EventLoopQueue {
  private free: Promise<unknown> = Promise.resolve();

  /** Resolves when the caller may start: at once if no other task started in this turn. */
  yield(): Promise<unknown> {
    const mine = this.free;
    this.free = mine.then(() => nextTurn());
    return mine;
  }
}

/** The queue of this process's event loop. */
export const eventLoop = new EventLoopQueue();
