import type { Times } from '../review-metrics.js';

/** SQL: the number and the percentiles of a time in milliseconds, in the columns that `observedTimes` reads. */
export const timesColumns = (time: string, name: string): string =>
  `count(${time})::int AS "${name}Count",
   percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ${time}) AS "${name}"`;

/** The times in the columns of a name; null if none was observed. */
// biome-ignore lint/suspicious/noExplicitAny: the driver returns untyped rows
export function observedTimes(row: any, name: string): Times | null {
  const count = Number(row[`${name}Count`]);
  if (count === 0) return null;
  const [p50, p95] = row[name];
  return { count, p50Ms: Math.round(p50), p95Ms: Math.round(p95) };
}
