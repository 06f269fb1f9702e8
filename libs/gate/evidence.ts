import { logLowerIntegral, logUpperIntegral, type Point, pointAt } from './truncated-beta.js';

/** Of exposures, as integers. */
export interface Counts {
  /** Exposures, at least 0. */
  n: number;
  /** Those with a violation, from 0 to n. */
  x: number;
}

/** A beta distribution; both more than 0. */
export interface Prior {
  a: number;
  b: number;
}

/**
 * The logarithm of the evidence that the violation rate is below a limit: an e-process, so that whenever somebody looks, and
 * however often, at a mean rate at or above the limit the chance that it ever reaches ln(1/alpha) is at most alpha.
 *
 * It is the likelihood ratio against the limit, mixed over the prior truncated to (0, limit). For a rate p_i >= p0 of the next
 * exposure its factor 1 + s (p_i - p0) with s < 0 is at most 1 in the mean, and the product of the means at most
 * exp(s sum(p_i - p0)): so the promise is about the mean rate so far, however the rate moves. Sources: J. Ville, "Étude critique
 * de la notion de collectif" (1939); H. Robbins, "Statistical methods related to the law of the iterated logarithm", Ann. Math.
 * Statist. 41 (1970) 1397–1409; S. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric, nonasymptotic
 * confidence sequences", Ann. Statist. 49 (2021) 1055–1080.
 * @param limit between 0 and 1
 */
export const logESafe = (counts: Counts, prior: Prior, limit: number): number =>
  logESafeAt(counts, prior, pointAt(limit));

/** The logarithm of the evidence that the rate is above a limit: the mirror of logESafe, its prior truncated to (limit, 1). */
export const logEHarm = (counts: Counts, prior: Prior, limit: number): number =>
  logEHarmAt(counts, prior, pointAt(limit));

export function logESafeAt({ n, x }: Counts, { a, b }: Prior, limit: Point): number {
  return n === 0 ? 0 : logLowerIntegral(a + x, b + n - x, limit) - logLowerIntegral(a, b, limit);
}

export function logEHarmAt({ n, x }: Counts, { a, b }: Prior, limit: Point): number {
  return n === 0 ? 0 : logUpperIntegral(a + x, b + n - x, limit) - logUpperIntegral(a, b, limit);
}

/** The prior of a stage: its mean is about the limit, and a rate far below it is likely enough to be found soon. */
export const priorOfLimit = (limit: number): Prior => ({ a: 1, b: 1 / limit });

/** For a plan that must open at 0.8 of the limit: more weight near the limit, less far below it. */
export const priorNearLimit = (limit: number): Prior => ({ a: 2, b: 2 / limit });
