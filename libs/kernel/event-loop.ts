import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Lets pieces of work that hold the event loop begin one in a turn: between two of them everything else that came in is
 * answered, and a short question never waits for all the long ones.
 */
export class EventLoopTurns {
  private free: Promise<unknown> = Promise.resolve();

  /** Resolves when the caller may begin: at once where nobody else did in this turn. */
  take(): Promise<unknown> {
    const mine = this.free;
    this.free = mine.then(() => nextTurn());
    return mine;
  }
}

/** To read more events at once, or to put more into words, holds everybody else up. */
export const FEW_EVENTS = 32;

/** Of everything long in this process, whatever it is about: there is one event loop. */
export const longWork = new EventLoopTurns();
