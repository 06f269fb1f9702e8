import { exactInterval } from './exact-interval.js';

/** An estimate with its 95% interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** What was chosen at one value of the setting, of images that nobody had flagged when they were first exposed. */
export interface SampleStratum {
  perMillion: number;
  /** Distinct images whose case is decided, in any way. */
  decided: number;
  /** Of these, confirmed. */
  unsafe: number;
}

/** Counts of distinct exposed images of a period. */
export interface ExposedCounts {
  exposed: number;
  /** Flagged before they were first exposed. */
  flaggedBefore: number;
  /** Of these, confirmed. */
  confirmedBefore: number;
  /** Confirmed, whatever led to their case. */
  confirmed: number;
  /** Of these, with a flag of anybody. */
  confirmedFlagged: number;
  /** Of these, with a flag of a detector. */
  confirmedDetected: number;
}

export interface Prevalence {
  /** Violations among the images that nobody had flagged when they were first exposed. */
  unflaggedViolations: Estimate;
  /** All violations of the exposed images. */
  violations: Estimate;
  /** Their share of the exposed images. */
  prevalence: Estimate;
  /** The share of the violations that flags of anybody found; null while there may be none. */
  flagRecall: Estimate | null;
  /** The same of flags of detectors. */
  detectorRecall: Estimate | null;
}

/**
 * Two strata: images that were flagged before they were first exposed are all reviewed, so their violations are counted; of the
 * others a random sample is, so theirs are estimated. The setting may have changed within the sample: each image counts by the
 * inverse of the chance that it had, and the interval is the exact one of the effective size of the sample (E. L. Korn, B. I.
 * Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated from survey data",
 * Survey Methodology 24 (1998) 193–201). It leaves out that the population is finite, which makes it rather too wide. There are
 * at least as many violations as are confirmed, so nothing below that is possible. Recall is what is known divided by an estimate,
 * so its bounds are those of the estimate.
 * @returns null if no image of the sample is decided
 */
export function prevalenceOf(counts: ExposedCounts, sample: readonly SampleStratum[]): Prevalence | null {
  const share = weightedShare(sample);
  if (share === null || counts.exposed === 0) return null;
  const { exposed, flaggedBefore, confirmedBefore, confirmed, confirmedFlagged, confirmedDetected } = counts;
  const unflaggedViolations = each(share, (one) => one * (exposed - flaggedBefore));
  const violations = each(unflaggedViolations, (one) => Math.max(confirmed, confirmedBefore + one));
  const recall = (found: number): Estimate | null => {
    const { value, low, high } = violations;
    if (high === 0 || value === 0) return null;
    return { value: found / value, low: found / high, high: low === 0 ? 1 : Math.min(1, found / low) };
  };
  return {
    unflaggedViolations,
    violations,
    prevalence: each(violations, (one) => Math.min(1, one / exposed)),
    flagRecall: recall(confirmedFlagged),
    detectorRecall: recall(confirmedDetected),
  };
}

/** The share of violations, each image weighted by the inverse of its chance to be chosen. */
function weightedShare(sample: readonly SampleStratum[]): Estimate | null {
  let [weight, squares, unsafe] = [0, 0, 0];
  for (const stratum of sample) {
    const each = 1 / stratum.perMillion;
    weight += each * stratum.decided;
    squares += each * each * stratum.decided;
    unsafe += each * stratum.unsafe;
  }
  if (weight === 0) return null;
  const value = unsafe / weight;
  const size = (weight * weight) / squares;
  return { value, ...exactInterval(value * size, size) };
}

const each = ({ value, low, high }: Estimate, change: (one: number) => number): Estimate => ({
  value: change(value),
  low: change(low),
  high: change(high),
});
