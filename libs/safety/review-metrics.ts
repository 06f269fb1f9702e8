import { fleissKappa, krippendorffAlpha, lightKappa, type PairTable, type VotePattern } from './agreement.js';

/** Percentiles by nearest rank, so each is an observed time. */
export interface Times {
  /** The number of observed times. */
  count: number;
  p50Ms: number;
  p95Ms: number;
}

/** Minimum common cases of a pair: the kappa of fewer would be too uncertain. */
export const MIN_PAIR_CASES = 20;

export interface ReviewCounts {
  timeToFirstView: Times | null;
  timeToVerdict: Times | null;
  deactivationLatency: Times | null;
  patterns: VotePattern[];
  /** Only pairs with enough common cases. */
  pairs: PairTable[];
}

export function reviewMetrics({ patterns, pairs, ...times }: ReviewCounts) {
  const agreement = {
    fleiss: fleissKappa(patterns),
    cohen: lightKappa(pairs),
    krippendorff: krippendorffAlpha(patterns),
  };
  return { ...times, agreement };
}
