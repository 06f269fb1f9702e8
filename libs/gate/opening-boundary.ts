import { leastInteger } from './bisection.js';
import { type Counts, logEHarm, logESafe, type Prior } from './evidence.js';

/** A test of one stage at exposure level: the gate opens as soon as the evidence reaches ln(1/alpha). */
export interface OpeningTest {
  limit: number;
  /** What the stage may spend. */
  alpha: number;
  prior: Prior;
}

/** The threshold of the logarithm of the evidence, which the chance to reach wrongly is at most alpha. */
export const thresholdOf = (alpha: number): number => -Math.log(alpha);

export const isOpen = (counts: Counts, { limit, alpha, prior }: OpeningTest): boolean =>
  logESafe(counts, prior, limit) >= thresholdOf(alpha);

/**
 * n*(x): the least exposures at which the gate opens with x violations. Each further clean exposure adds evidence, so the gate
 * is open exactly if n is at least n*(x), and a decision by these integers can be recomputed anywhere.
 * @param from a lower bound of the answer, if one is known
 */
export const openingExposures = (x: number, test: OpeningTest, from = x): number =>
  leastInteger(Math.max(from, x), (n) => isOpen({ n, x }, test));

/** n*(0), n*(1), … up to a number of exposures. */
export function openingBoundary(test: OpeningTest, maxExposures: number): Float64Array {
  const boundary: number[] = [];
  for (let n = openingExposures(0, test); n <= maxExposures; n = openingExposures(boundary.length, test, n + 1))
    boundary.push(n);
  return Float64Array.from(boundary);
}

/**
 * The most exposures among which x confirmed violations show harm at a threshold of the logarithm of the evidence.
 * @returns 0 if they show it among no number of exposures
 */
export function mostHarmfulExposures(x: number, limit: number, prior: Prior, threshold: number): number {
  const shows = (n: number) => logEHarm({ n, x }, prior, limit) >= threshold;
  if (x === 0 || !shows(x)) return 0;
  return leastInteger(x, (n) => !shows(n)) - 1;
}
