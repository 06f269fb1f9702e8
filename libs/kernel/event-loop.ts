import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Makes room between pieces of work that hold the event loop: one begins in a turn, and whatever else came in is answered
 * before the next, so that a short question never waits for all the long ones.
 */
export class EventLoopQueue {
  private free: Promise<unknown> = Promise.resolve();

  /** Resolves when the caller may begin: at once if nobody else did in this turn. */
  yield(): Promise<unknown> {
    const mine = this.free;
    this.free = mine.then(() => nextTurn());
    return mine;
  }
}

/** The process has one event loop, so all its long work is in one queue. */
export const eventLoop = new EventLoopQueue();
