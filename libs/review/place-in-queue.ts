import { MAX_PRIORITY } from './routing-events.js';

const HOUR_MS = 3_600_000;

/** For how long a case waits for one more point of priority. */
const pointMs = (patienceHours: number): number => (patienceHours * HOUR_MS) / MAX_PRIORITY;

/**
 * The points of a case that has waited. All cases get theirs at the same moments, whatever their priority, so that waiting
 * never changes the order of two of them. Together with the priority at most 100.
 * @param openedAt epoch milliseconds, like `now`
 */
export function agePoints(openedAt: number, priority: number, patienceHours: number, now: number): number {
  const each = pointMs(patienceHours);
  const points = Math.floor(now / each) - Math.floor(openedAt / each);
  return Math.max(0, Math.min(MAX_PRIORITY - priority, points));
}

/**
 * The order of a queue: about when a case will have waited for 100 points. Of two cases the one that has more points now is
 * due first, and of two with as many the older one: the part of a point below orders cases that reach 100 at one moment by
 * their opening, to a tenth of a second. What is opened after a case is due never goes ahead of it, so
 * no case starves.
 * @param openedAt epoch milliseconds
 * @returns epoch milliseconds, at most the patience after the opening
 */
export function dueAt(openedAt: number, priority: number, patienceHours: number): number {
  const each = pointMs(patienceHours);
  const into = openedAt % each;
  const reached = openedAt - into + (MAX_PRIORITY - priority) * each;
  return reached + Math.floor((priority * each + into) / (MAX_PRIORITY + 1));
}
