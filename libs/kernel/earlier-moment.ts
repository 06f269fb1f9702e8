import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from './clock.js';
import type { Position } from './envelope.js';

/** A moment of the past, as of which a request is answered. */
export interface EarlierMoment {
  /** The log ends here. */
  position: Position;
  /** What the clock said, in epoch milliseconds. */
  time: number;
  /** The time that was asked for, in epoch milliseconds; absent if a position was. */
  asked?: number;
  /** The schemas with the rows that views had, by the schemas of the live ones. */
  views: ReadonlyMap<string, string>;
}

const moments = new AsyncLocalStorage<EarlierMoment | undefined>();

/** The moment of the work that asks; undefined for the present. */
export const earlierMoment = (): EarlierMoment | undefined => moments.getStore();

/** Whatever the work starts, too, finds the log, the views and the clock as they were. */
export const asOfMoment = <Result>(moment: EarlierMoment, work: () => Result): Result => moments.run(moment, work);

/** For decisions and records, which are of the present, and for what several requests share. */
export const atPresent = <Result>(work: () => Result): Result => moments.run(undefined, work);

/** A clock that shows work as of a moment what it said then. */
export const clockOfMoments = (clock: Clock): Clock => ({ now: () => earlierMoment()?.time ?? clock.now() });
