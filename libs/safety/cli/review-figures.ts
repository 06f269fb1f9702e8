import { number } from '../../cli/rendering/table.js';
import type { Kappa } from '../agreement.js';
import type { Times } from '../review-metrics.js';

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
];

/** 45,126 ms as 45.1 s, in the largest unit that it fills. */
export function durationText(ms: number): string {
  const unit = UNITS.find((one) => ms >= one.ms);
  return unit ? `${(ms / unit.ms).toFixed(1)} ${unit.name}` : `${Math.round(ms)} ms`;
}

export function timesText(times: Times | null, of: string): string {
  if (!times) return `– (no ${of})`;
  return `p50 ${durationText(times.p50Ms)}, p95 ${durationText(times.p95Ms)} (${number(times.count)} ${of})`;
}

/** A coefficient of agreement with its interval. */
export function kappaText(kappa: Kappa | null, count = 0, of = ''): string {
  if (!kappa) return `– (no ${of})`;
  const { value, low, high } = kappa;
  return `${kappaNumber(value)} (95% interval ${kappaNumber(low)} to ${kappaNumber(high)}; ${number(count)} ${of})`;
}

export const kappaNumber = (value: number): string => value.toFixed(2);
