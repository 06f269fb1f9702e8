import { DAY_MS, toIso, utcDayOf } from '../kernel/clock.js';

const DAYS_REMEMBERED = 4096;
const remembered = new Map<number, readonly [day: string, week: string]>();

/**
 * The counter buckets of a moment in UTC: `day:2022-05-18` and `week:2022-W20` (ISO 8601 weeks).
 * @param epochMs milliseconds since 1970-01-01T00:00:00Z
 */
export function calendarBuckets(epochMs: number): readonly [day: string, week: string] {
  const dayNumber = Math.floor(epochMs / DAY_MS);
  let buckets = remembered.get(dayNumber);
  if (!buckets) {
    if (remembered.size === DAYS_REMEMBERED) remembered.clear();
    buckets = [`day:${isoDay(dayNumber)}`, `week:${isoWeek(dayNumber)}`];
    remembered.set(dayNumber, buckets);
  }
  return buckets;
}

const isoDay = (dayNumber: number): string => utcDayOf(toIso(dayNumber * DAY_MS));

/** ISO 8601: a week starts on Monday and belongs to the year of its Thursday. Day 0, 1970-01-01, was a Thursday. */
function isoWeek(dayNumber: number): string {
  const daysSinceMonday = (((dayNumber + 3) % 7) + 7) % 7;
  const thursday = dayNumber - daysSinceMonday + 3;
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  const newYear = Date.UTC(year, 0, 1) / DAY_MS;
  const week = Math.floor((thursday - newYear) / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}
