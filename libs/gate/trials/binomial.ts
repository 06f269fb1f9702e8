import { binomialDeviance, pointAt, stirlingError } from '../truncated-beta.js';

/** Of the largest probability; what is smaller adds up to less than the rounding errors. */
const NEGLIGIBLE = 1e-20;

/** A part of a distribution: the probability of `first + i` is `probabilities[i]`. */
export interface Distribution {
  first: number;
  probabilities: Float64Array;
}

/** How many of n trials succeed. C. Loader, "Fast and accurate computation of binomial probabilities" (2000). */
export function binomial(n: number, rate: number): Distribution {
  if (n === 0 || rate === 0) return { first: 0, probabilities: Float64Array.of(1) };
  const mode = Math.min(n, Math.floor((n + 1) * rate));
  const most = probabilityOf(mode, n, rate);
  const odds = rate / (1 - rate);
  const below: number[] = [];
  for (let x = mode, p = most; x > 0; x--) {
    p *= x / ((n - x + 1) * odds);
    if (p < NEGLIGIBLE * most) break;
    below.push(p);
  }
  const above: number[] = [];
  for (let x = mode, p = most; x < n; x++) {
    p *= ((n - x) * odds) / (x + 1);
    if (p < NEGLIGIBLE * most) break;
    above.push(p);
  }
  return { first: mode - below.length, probabilities: Float64Array.from([...below.reverse(), most, ...above]) };
}

/** Of exactly x. */
function probabilityOf(x: number, n: number, rate: number): number {
  if (x === 0) return Math.exp(n * Math.log1p(-rate));
  if (x === n) return rate ** n;
  const error = stirlingError(n) - stirlingError(x) - stirlingError(n - x);
  return Math.exp(error - binomialDeviance(x, n, pointAt(rate))) * Math.sqrt(n / (2 * Math.PI * x * (n - x)));
}

/**
 * The counts after n further trials, each of which succeeds at a rate.
 * @param counts the probability of each count before; those of larger counts are left out before and after
 */
export function afterTrials(counts: Float64Array, n: number, rate: number): Float64Array {
  const { first, probabilities } = binomial(n, rate);
  const after = new Float64Array(counts.length);
  for (let x = 0; x < counts.length; x++) {
    const before = counts[x]!;
    if (before === 0) continue;
    const end = Math.min(probabilities.length, counts.length - x - first);
    for (let i = 0; i < end; i++) after[x + first + i]! += before * probabilities[i]!;
  }
  return after;
}
