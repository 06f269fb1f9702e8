/** Below it Stirling's series has too few correct digits, so arguments are raised above it. */
const STIRLING_FROM = 16;
/** Coefficients of Stirling's series: Bernoulli numbers B(2k) / (2k (2k - 1)). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
/** Loader's series loses no digits while the difference is below this share of the sum. */
const NEAR = 0.1;

/** A point between 0 and 1 with its complement, each correct to its last digit even if the other is near 1. */
export interface Point {
  p: number;
  q: number;
}

export const pointAt = (p: number): Point => ({ p, q: 1 - p });

/**
 * The point of a logit, ln(p / (1 - p)). Searches go through logits, so that they resolve an endpoint near 0 or 1 as well as
 * one in the middle.
 */
export const pointOfLogit = (logit: number): Point => ({
  p: 1 / (1 + Math.exp(-logit)),
  q: 1 / (1 + Math.exp(logit)),
});

/**
 * ln K(A, B), where K is the integral from 0 to p of t^(A-1) (1-t)^(B-1) dt, divided by p^A q^B. Differences of logarithms of
 * the gamma function would lose all digits at 1e9 exposures; this keeps them (relative error below 1e-13 in the reference cases).
 * @param A more than 0
 * @param B more than 0
 */
export function logLowerIntegral(A: number, B: number, { p, q }: Point): number {
  return logIntegral(A, B, p, q, excessOver(A, B, p, q));
}

/** The same with the integral from p to 1. */
export function logUpperIntegral(A: number, B: number, { p, q }: Point): number {
  return logIntegral(B, A, q, p, -excessOver(A, B, p, q));
}

/** ln B(A, B) - A ln p - B ln q, with the complete beta function B. */
export function logWholeIntegral(A: number, B: number, { p, q }: Point): number {
  return logWhole(A, B, p, q, excessOver(A, B, p, q));
}

/** How far x of n is from the point: its log-likelihood at x / n less that at the point, never negative. */
export function binomialDeviance(x: number, n: number, { p, q }: Point): number {
  const excess = excessOver(x, n - x, p, q);
  return deviance(x, n * p, excess) + deviance(n - x, n * q, -excess);
}

/** A - (A + B) p. Of the two ways to compute it, the one with the smaller rounding error. */
const excessOver = (A: number, B: number, p: number, q: number): number => (p <= q ? A - (A + B) * p : (A + B) * q - B);

/** @param excess A - (A + B) p, computed once, since p and q would each give another one */
function logIntegral(A: number, B: number, p: number, q: number, excess: number): number {
  if (excess >= 0) return Math.log(integralByFraction(A, B, p, q, excess));
  const whole = logWhole(A, B, p, q, excess);
  return whole + Math.log1p(-integralByFraction(B, A, q, p, -excess) * Math.exp(-whole));
}

/**
 * K by the continued fraction (9) of A. R. Didonato, A. H. Morris, "Algorithm 708: Significant digit computation of the incomplete
 * beta function ratios", ACM Trans. Math. Softw. 18 (1992) 360–373. It takes about sqrt((A + B) p) steps below the mean.
 * @param excess at least 0
 */
function integralByFraction(A: number, B: number, p: number, q: number, excess: number): number {
  const c = 1 + excess;
  const c0 = B / A;
  const c1 = 1 + 1 / A;
  let factor = 1;
  let s = A + 1;
  let value = c1 / c;
  let [lastNumerator, lastDenominator] = [0, value];
  let [numerator, denominator] = [value, 1];
  for (let n = 1; ; n++) {
    const ratio = n / A;
    const w = n * (B - n) * p;
    const e = A / s;
    const alpha = factor * (factor + c0) * e * e * w * p;
    const beta = n + w / s + ((1 + ratio) / (c1 + 2 * ratio)) * (c + n * (1 + q));
    factor = 1 + ratio;
    s += 2;
    const nextNumerator = alpha * lastNumerator + beta * numerator;
    const nextDenominator = alpha * lastDenominator + beta * denominator;
    const next = nextNumerator / nextDenominator;
    if (!(Math.abs(next - value) > Number.EPSILON * next)) return next;
    value = next;
    // Scaled in every step, so that nothing overflows.
    [lastNumerator, lastDenominator] = [numerator / nextDenominator, denominator / nextDenominator];
    [numerator, denominator] = [next, 1];
  }
}

function logWhole(A: number, B: number, p: number, q: number, excess: number): number {
  const N = A + B;
  return (
    deviance(A, N * p, excess) +
    deviance(B, N * q, -excess) +
    Math.log((2 * Math.PI * N) / A / B) / 2 +
    stirlingError(A) +
    stirlingError(B) -
    stirlingError(N)
  );
}

/**
 * x ln(x / mean) + mean - x: the deviance bd0 of C. Loader, "Fast and accurate computation of binomial probabilities" (2000).
 * @param difference x - mean, which is small where both are large
 */
function deviance(x: number, mean: number, difference: number): number {
  if (x === 0) return mean;
  if (Math.abs(difference) >= NEAR * (x + mean)) return x * Math.log(x / mean) - difference;
  const v = difference / (x + mean);
  let term = 2 * x * v;
  let sum = difference * v;
  for (let j = 3; ; j += 2) {
    term *= v * v;
    const next = sum + term / j;
    if (next === sum) return sum;
    sum = next;
  }
}

/** ln gamma(A) - ((A - 1/2) ln A - A + ln(2 pi) / 2): the error of Stirling's formula. */
export function stirlingError(A: number): number {
  let raised = A;
  let error = 0;
  for (; raised < STIRLING_FROM; raised++) error += (raised + 0.5) * Math.log1p(1 / raised) - 1;
  const square = raised * raised;
  return error + STIRLING.reduceRight((sum, coefficient) => sum / square + coefficient, 0) / raised;
}
