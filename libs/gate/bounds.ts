import { leastNumber } from './bisection.js';
import { type Counts, logEHarmAt, logESafeAt, type Prior } from './evidence.js';
import { binomialDeviance, logWholeIntegral, pointOfLogit } from './truncated-beta.js';

/** Beyond it a point or its complement is 0 in double precision. */
const LAST_LOGIT = 745;

/**
 * The highest rate that the test of the gate doesn't refute: below a limit exactly if the gate opens at that limit with this
 * prior, so that the chart and the gate agree.
 * @param threshold of the logarithm of the evidence, such as ln(1/alpha)
 */
export function upperBound(counts: Counts, prior: Prior, threshold: number): number {
  if (counts.x === counts.n) return 1;
  const refuted = (logit: number) => logESafeAt(counts, prior, pointOfLogit(logit)) >= threshold;
  return pointOfLogit(leastNumber(logitOf(counts), LAST_LOGIT, refuted)).p;
}

/** The lowest rate that the test for harm doesn't refute. */
export function lowerBound(counts: Counts, prior: Prior, threshold: number): number {
  if (counts.x === 0) return 0;
  const refuted = (mirrored: number) => logEHarmAt(counts, prior, pointOfLogit(-mirrored)) >= threshold;
  return pointOfLogit(-leastNumber(-logitOf(counts), LAST_LOGIT, refuted)).p;
}

/**
 * The two-sided interval of the same mixture without truncation: the rates p with
 * ln[B(a+x, b+n-x) / B(a, b)] - x ln p - (n-x) ln(1-p) < threshold. A check of the arithmetic, and not what the gate decides by:
 * with no violation the gate opens sooner.
 */
export function untruncatedInterval(
  counts: Counts,
  prior: Prior,
  threshold: number,
): { low: number; high: number; oneMinusHigh: number } {
  const { n, x } = counts;
  if (n === 0) return { low: 0, high: 1, oneMinusHigh: 0 };
  const atShare = logMixtureAtShare(counts, prior);
  const refuted = (logit: number) => atShare + binomialDeviance(x, n, pointOfLogit(logit)) >= threshold;
  const center = logitOf(counts);
  const low = x === 0 ? 0 : pointOfLogit(-leastNumber(-center, LAST_LOGIT, (mirrored) => refuted(-mirrored))).p;
  const { p, q } = x === n ? { p: 1, q: 0 } : pointOfLogit(leastNumber(center, LAST_LOGIT, refuted));
  return { low, high: p, oneMinusHigh: q };
}

/** The mixture's log-likelihood less that of the share x / n. Through the posterior mean, where nothing cancels. */
function logMixtureAtShare({ n, x }: Counts, { a, b }: Prior): number {
  const [A, B] = [a + x, b + n - x];
  const mean = { p: A / (A + B), q: B / (A + B) };
  return logWholeIntegral(A, B, mean) - logWholeIntegral(a, b, mean) - binomialDeviance(x, n, mean);
}

/** Of the share of violations, at which no evidence is against it. */
const logitOf = ({ n, x }: Counts): number => (x === 0 ? -LAST_LOGIT : x === n ? LAST_LOGIT : Math.log(x / (n - x)));
