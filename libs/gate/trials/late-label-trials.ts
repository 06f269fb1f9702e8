import type { Chance } from './chance.js';
import type { BoundaryRule } from './clustered-trials.js';
import { medianOf, type ShareOfRuns, shareOf } from './share-of-runs.js';

/** Exposures of the first day; they double every week. */
const FIRST_DAY = 10_000;
const GROWTH_PER_DAY = Math.LN2 / 7;
/** Of a violation, from its exposure to its flag; exponential. */
const MEAN_LABEL_DELAY_DAYS = 3;

/** A rule with how it treats labels that are not there yet. */
export interface LateLabelRule extends BoundaryRule {
  /** D: only exposures that are older count; 0 counts all of them, and labels as they come. */
  delayDays: number;
}

export interface LateLabelResult {
  opens: ShareOfRuns;
  /** Null if fewer than half of the rollouts open. */
  medianDay: number | null;
}

/**
 * Rollouts that grow while the labels of their violations arrive late, with a look after every exposure.
 * @param rate of violations, constant
 */
export function lateLabelTrial(
  { boundary, delayDays }: LateLabelRule,
  rate: number,
  { maxExposures, runs }: { maxExposures: number; runs: number },
  chance: Chance,
): LateLabelResult {
  const logClean = Math.log1p(-rate);
  const days: number[] = [];
  const counted = new Float64Array(Math.ceil(maxExposures * rate * 2) + 100);
  for (let run = 0; run < runs; run++) {
    let violations = 0;
    for (let i = chance.failures(logClean); i < maxExposures; i += 1 + chance.failures(logClean)) {
      const label = chance.exponential(MEAN_LABEL_DELAY_DAYS);
      counted[violations++] = dayOf(i + 1) + Math.max(delayDays, label);
    }
    const day = openingDay(counted.subarray(0, violations).sort(), boundary, delayDays, maxExposures);
    if (day !== null) days.push(day);
  }
  return { opens: shareOf(days.length, runs), medianDay: medianOf(days, runs) };
}

/** @param counted when each violation begins to count, ascending */
function openingDay(
  counted: Float64Array,
  boundary: ArrayLike<number>,
  delayDays: number,
  maxExposures: number,
): number | null {
  for (let x = 0; x <= counted.length; x++) {
    const required = boundary[x] ?? Number.POSITIVE_INFINITY;
    if (required > maxExposures) return null;
    const reached = dayOf(required) + delayDays;
    if (reached < (counted[x] ?? Number.POSITIVE_INFINITY)) return Math.max(reached, counted[x - 1] ?? 0);
  }
  return null;
}

/** When the n-th exposure arrives, in days. */
const dayOf = (n: number): number => Math.log1p((n * GROWTH_PER_DAY) / FIRST_DAY) / GROWTH_PER_DAY;
