/** The only source of wall-clock time. Injected, so that a test can move it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** RFC 3339 in UTC with milliseconds, the one textual form of a time in events and answers. */
export const toIso = (epochMs: number): string => new Date(epochMs).toISOString();

/** The day of such a time, as `2022-05-18`. */
export const utcDayOf = (time: string): string => time.slice(0, '2022-05-18'.length);

export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;
