import type { SafetyCounts } from './safety-counts.js';

/** A proportion with its 95% confidence interval. */
export interface Share {
  hits: number;
  of: number;
  value: number;
  low: number;
  high: number;
}

/**
 * The metrics of a group.
 * @param allExposed the exposed images among which the group's are counted: its own, unless only flagged images can be in it
 */
export function safetyMetrics(counts: SafetyCounts, allExposed = counts.exposed) {
  const { generated, shared, exposed, flags, flagged, cases_open: open, cases_confirmed: confirmed } = counts;
  const { cases_dismissed: dismissed, cases_model_problem: modelProblem } = counts;
  const decided = confirmed + dismissed + modelProblem;
  const exposedDecided = counts.exposed_confirmed + counts.exposed_dismissed + counts.exposed_model_problem;
  const violations = counts.exposed_confirmed + counts.exposed_confirmed_sampled;
  const waiting = counts.exposed_flagged - exposedDecided;
  return {
    generated,
    shared,
    sharedByLink: counts.shared_by_link,
    exposed,
    flags,
    flagged,
    cases: { open, confirmed, dismissed, modelProblem },
    exposedCases: {
      open: waiting,
      confirmed: counts.exposed_confirmed,
      dismissed: counts.exposed_dismissed,
      modelProblem: counts.exposed_model_problem,
    },
    decided,
    flaggedShare: share(counts.exposed_flagged, allExposed),
    confirmedShare: share(confirmed, decided),
    exposedConfirmedShare: share(counts.exposed_confirmed, exposedDecided),
    // A violation that only the sample found is one, too.
    violationRate: share(violations, allExposed),
    // While more and more cases wait, the rate above falls; this one does not.
    violationRateIfWaiting: share(violations + waiting, allExposed),
  };
}

/** The 97.5% point of the standard normal distribution. */
export const Z_95 = 1.959963984540054;

/**
 * Wilson's score interval, which keeps its confidence for rare events, unlike p ± z·se.
 * E. B. Wilson, "Probable inference, the law of succession, and statistical inference", J. Am. Stat. Assoc. 22 (1927)
 * 209–212; recommended by Brown, Cai and DasGupta, Statistical Science 16 (2001) 101–133.
 * @returns null if `of` is 0
 */
export function share(hits: number, of: number): Share | null {
  if (of === 0) return null;
  const value = hits / of;
  const zz = Z_95 * Z_95;
  const middle = (value + zz / (2 * of)) / (1 + zz / of);
  const reach = (Z_95 / (1 + zz / of)) * Math.sqrt((value * (1 - value)) / of + zz / (4 * of * of));
  // The formula gives exactly 0 and 1 here, except for rounding errors.
  const low = hits === 0 ? 0 : Math.max(0, middle - reach);
  const high = hits === of ? 1 : Math.min(1, middle + reach);
  return { hits, of, value, low, high };
}
