import { exactInterval, Z_95 } from '../../../libs/safety/index.js';
import { sumOf } from '../sum-of.js';

/** A figure with its 95% interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** Sums over accounts: of a part of their images, of all, of their squares and of their products. */
interface PartOfAll {
  accounts: number;
  part: number;
  partSquared: number;
  product: number;
  all: number;
  allSquared: number;
}

/** A part of so many, as if each of them were independent of the others. */
export interface EffectiveCounts {
  hits: number;
  of: number;
}

/** Of what was seen of nothing yet. */
const HALF = 0.5;

/**
 * What is counted of a few accounts says less than as many images of as many accounts: both counts are divided by the design effect,
 * the variance between accounts over the binomial one. W. G. Cochran, "Sampling Techniques" (1977), section 9A.2; L. Kish, "Survey
 * Sampling" (1965), section 8.2.
 */
export function effectiveCounts({ accounts, part, partSquared, product, all, allSquared }: PartOfAll): EffectiveCounts {
  if (accounts < 2 || part <= 0 || part >= all) return { hits: part, of: all };
  const share = part / all;
  const between = (accounts / (accounts - 1)) * (partSquared - 2 * share * product + share * share * allSquared);
  const effect = Math.max(1, between / (all * share * (1 - share)));
  return { hits: part / effect, of: all / effect };
}

/** The share of all groups together, with half of one more, so that what was not seen yet is rare and not impossible. */
export const pooledShare = (groups: readonly EffectiveCounts[]): number =>
  (sumOf(groups, ({ hits }) => hits) + HALF) / (sumOf(groups, ({ of }) => of) + 1);

/**
 * A share that is drawn towards that of all groups, by half a hit: as much as a group with few counts needs, and little for one with many.
 * The interval is the exact one of the same counts.
 */
export function shrunkShare({ hits, of }: EffectiveCounts, pooled: number): Estimate {
  const [all, part] = [of + HALF / pooled, hits + HALF];
  return { value: part / all, ...exactInterval(part, all) };
}

/**
 * A mean of several counts, whose spread is at least that of Poisson.
 * @param values at least one
 */
export function meanCount(values: readonly number[]): Estimate {
  const mean = sumOf(values) / values.length;
  const spread = values.length < 2 ? 0 : sumOf(values, (one) => (one - mean) ** 2) / (values.length - 1);
  const reach = Z_95 * Math.sqrt(Math.max(spread, mean, HALF) / values.length);
  return { value: mean, low: Math.max(0, mean - reach), high: mean + reach };
}

/** Images a week, with the spread between accounts: at least that of Poisson. */
export function imageRate(
  images: number,
  weeks: number,
  of: { accounts: number; images: number; imagesSquared: number },
): Estimate {
  const value = images / weeks;
  const mean = of.accounts === 0 ? 0 : of.images / of.accounts;
  const between = mean === 0 ? 0 : (of.imagesSquared / of.accounts / mean ** 2 - 1) / of.accounts;
  const reach = value * Z_95 * Math.sqrt(Math.max(between, 1 / images));
  return { value, low: Math.max(0, value - reach), high: value + reach };
}

/**
 * The mean of exponential delays of which only those up to a limit are counted, by maximum likelihood: the mean of those is the mean
 * less `limit / (exp(limit / mean) - 1)`, which grows with it. As long as the limit if they show no end.
 */
export function meanDelay(count: number, sum: number, limit: number): Estimate {
  if (sum <= 0 || limit <= 0) return { value: 0, low: 0, high: limit / count };
  const observed = (mean: number) => mean - limit / Math.expm1(limit / mean);
  let [low, high] = [0, limit];
  for (let n = 0; n < 60; n++) {
    const middle = (low + high) / 2;
    if (observed(middle) < sum / count) low = middle;
    else high = middle;
  }
  const value = (low + high) / 2;
  const ratio = limit / value;
  // Of one delay: 1 less what is lost by the limit.
  const information = Math.max(0.01, 1 - ratio ** 2 / (Math.expm1(ratio) * -Math.expm1(-ratio)));
  const reach = (Z_95 * value) / Math.sqrt(count * information);
  return { value, low: Math.max(0, value - reach), high: value + reach };
}
