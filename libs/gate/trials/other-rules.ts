import { leastInteger, leastNumber } from '../bisection.js';
import { logUpperIntegral, logWholeIntegral, pointAt } from '../truncated-beta.js';
import { afterTrials } from './binomial.js';
import type { Look } from './crossing.js';

/** Rules that others use, for comparison. Each boundary has the least exposures at which it opens with 0, 1, … violations. */

/** The share of violations is below the limit, once one violation was to be expected. */
export function naiveBoundary(limit: number, maxExposures: number): Float64Array {
  return boundaryUpTo(maxExposures, (x) => Math.max(Math.ceil(1 / limit), Math.floor(x / limit) + 1));
}

/**
 * The one-sided interval of C. J. Clopper and E. S. Pearson (Biometrika 26, 1934) at each look: exact for one look only. It opens
 * if so few violations had at most a chance of alpha at the limit.
 */
export function clopperPearsonBoundary(limit: number, alpha: number, maxExposures: number): Float64Array {
  const point = pointAt(limit);
  const logAlpha = Math.log(alpha);
  const opens = (n: number, x: number) =>
    logUpperIntegral(x + 1, n - x, point) - logWholeIntegral(x + 1, n - x, point) <= logAlpha;
  return boundaryUpTo(maxExposures, (x, from) => leastInteger(from, (n) => opens(n, x)));
}

/**
 * The spending function of K. K. G. Lan and D. L. DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70 (1983)
 * 659–663, that resembles the bound of O'Brien and Fleming: what may be spent once a share of the planned exposures is there.
 */
export function spendingOf(alpha: number): (share: number) => number {
  const quantile = leastNumber(0, 40, (z) => normalTail(z) <= alpha / 2);
  return (share) => 2 * normalTail(quantile / Math.sqrt(Math.min(share, 1)));
}

/** The bound of Lan and DeMets with so many evenly spaced looks. */
export function lanDeMetsLooks(limit: number, alpha: number, maxExposures: number, looks: number): Look[] {
  const size = Math.ceil(limit * maxExposures) + 1;
  let counts: Float64Array = new Float64Array(size);
  counts[0] = 1;
  const spentBy = spendingOf(alpha);
  let [spent, before] = [0, 0];
  return Array.from({ length: looks }, (_, i) => {
    const exposures = Math.round((maxExposures * (i + 1)) / looks);
    counts = afterTrials(counts, exposures - before, limit);
    before = exposures;
    const may = spentBy(exposures / maxExposures);
    let mostViolations = -1;
    while (mostViolations + 1 < size && spent + counts[mostViolations + 1]! <= may) {
      mostViolations++;
      spent += counts[mostViolations]!;
      counts[mostViolations] = 0;
    }
    return { exposures, mostViolations };
  });
}

/** The same bound with a look after every exposure. */
export function lanDeMetsBoundary(limit: number, alpha: number, maxExposures: number): Float64Array {
  let counts: Float64Array = new Float64Array(Math.ceil(limit * maxExposures) + 1);
  counts[0] = 1;
  const spentBy = spendingOf(alpha);
  let [spent, before] = [0, 0];
  return boundaryUpTo(maxExposures, (x, from) => {
    if (x >= counts.length) return Number.POSITIVE_INFINITY;
    // What is still closed has at least x violations; with exactly x it has seen none since.
    const opening = (n: number) => counts[x]! * Math.exp((n - before) * Math.log1p(-limit));
    const n = leastInteger(from, (n) => n > maxExposures || spent + opening(n) <= spentBy(n / maxExposures));
    if (n > maxExposures) return n;
    counts = afterTrials(counts, n - before, limit);
    spent += counts[x]!;
    counts[x] = 0;
    before = n;
    return n;
  });
}

function boundaryUpTo(maxExposures: number, leastOf: (x: number, from: number) => number): Float64Array {
  const boundary: number[] = [];
  for (;;) {
    const n = leastOf(boundary.length, Math.max(boundary.length + 1, (boundary.at(-1) ?? 0) + 1));
    if (n > maxExposures) return Float64Array.from(boundary);
    boundary.push(n);
  }
}

const SERIES_BELOW = 3;
const FRACTION_TERMS = 200;

/**
 * The chance that a standard normal variable exceeds z: M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions" (1964),
 * 26.2.11 and 26.2.14.
 * @param z at least 0
 */
export function normalTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < SERIES_BELOW) {
    let [term, sum] = [z, z];
    for (let k = 3; term > Number.EPSILON * sum; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = FRACTION_TERMS; k >= 1; k--) fraction = z + k / fraction;
  return density / fraction;
}
