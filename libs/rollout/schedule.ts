import { DAY_MS } from '../kernel/clock.js';
import { WEEKDAYS } from './plan-events.js';

export type Weekday = (typeof WEEKDAYS)[number];

/** At which hours of the week slices of the rate are admitted, by the clock on the wall of a time zone. */
export interface Schedule {
  /** Of the IANA database: `Europe/London`. */
  timeZone: string;
  days: readonly Weekday[];
  /** 0 to 23. */
  hours: readonly number[];
}

interface Slot {
  /** Epoch milliseconds. */
  at: number;
  /** Its index among the slots of its week, which begins on Monday. */
  index: number;
  /** The number of slots in that week. */
  ofWeek: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Every offset in use is a multiple of it, so hours of every zone begin at one. */
const QUARTER_MS = HOUR_MS / 4;
const DAYS_OF_WEEK = 7;
/** 1 January 1970 was a Thursday. */
const DAYS_SINCE_MONDAY = 3;

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** By schedule, the slots of the last week that was asked about and of the next: they are the same all week. */
const known = new WeakMap<Schedule, { week: number; slots: Slot[] }>();

/**
 * The slots of the week of a moment and of the next one, in order. When the clocks go forward, an hour that is left out has no
 * slot; when they go back, an hour that comes twice has one, the first. The week then has as many as there are.
 * @param now epoch milliseconds
 */
export function slotsFrom(schedule: Schedule, now: number): readonly Slot[] {
  const wall = wallClock(schedule.timeZone);
  const { week } = wall(now);
  const before = known.get(schedule);
  if (before?.week === week) return before.slots;
  const slots = slotsOfWeeks(schedule, now, week);
  known.set(schedule, { week, slots });
  return slots;
}

function slotsOfWeeks(schedule: Schedule, now: number, week: number): Slot[] {
  const wall = wallClock(schedule.timeZone);
  const slots = [0, 1].map(() => [] as number[]);
  const seen = new Set<number>();
  const end = now + (2 * DAYS_OF_WEEK + 1) * DAY_MS;
  let at = Math.floor((now - (DAYS_OF_WEEK + 1) * DAY_MS) / QUARTER_MS) * QUARTER_MS;
  while (at < end) {
    const { day, hour, minute, week: itsWeek } = wall(at);
    // The next moment at which the clock on the wall may show a whole hour.
    const from = at;
    at += HOUR_MS - minute * MINUTE_MS;
    const hourOfAll = day * 24 + hour;
    if (minute !== 0 || seen.has(hourOfAll)) continue;
    const weekday = WEEKDAYS[(day + DAYS_SINCE_MONDAY) % DAYS_OF_WEEK]!;
    if (!schedule.hours.includes(hour) || !schedule.days.includes(weekday)) continue;
    seen.add(hourOfAll);
    slots[itsWeek - week]?.push(from);
  }
  return slots.flatMap((all) => all.map((one, index) => ({ at: one, index, ofWeek: all.length })));
}

const NUMBERS = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
/** Making one takes as long as dozens of dates; there are some hundreds of zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...NUMBERS });
  formats.set(timeZone, format);
  return format;
}

/** @returns the day and the week since 1970 that a clock on the wall shows, and its time */
function wallClock(timeZone: string) {
  const format = formatOf(timeZone);
  return (at: number) => {
    const shown: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(at)) shown[type] = Number(value);
    const day = Date.UTC(shown.year!, shown.month! - 1, shown.day!) / DAY_MS;
    const week = Math.floor((day + DAYS_SINCE_MONDAY) / DAYS_OF_WEEK);
    return { day, hour: shown.hour!, minute: shown.minute!, week };
  };
}

/** The slot whose hour it is. @param now epoch milliseconds */
export const slotOf = (slots: readonly Slot[], now: number): Slot | undefined =>
  slots.find(({ at }) => at <= now && now < at + HOUR_MS);

/** The people of a slot: those of a week add up to the rate exactly, and no two slots differ by more than one. */
export const peopleOf = ({ index, ofWeek }: Slot, perWeek: number): number =>
  Math.floor(((index + 1) * perWeek) / ofWeek) - Math.floor((index * perWeek) / ofWeek);
