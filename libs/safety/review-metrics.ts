import {
  type FleissKappa,
  fleissKappa,
  lightKappa,
  type PairedKappa,
  type PairTable,
  type VotePattern,
} from './agreement.js';
import { type Share, share } from './metrics.js';

/** Percentiles by nearest rank, so each is an observed time. */
export interface Times {
  /** The number of observed times. */
  count: number;
  p50Ms: number;
  p95Ms: number;
}

/** Metrics of human review, from the current round of each case. */
export interface ReviewMetrics {
  /** From the flag that opened the case to the first claim or verdict. */
  timeToFirstView: Times | null;
  /** From the flag that opened the case to its decision, or to its last verdict if that is later. */
  timeToVerdict: Times | null;
  /** Over decided cases. Fleiss' kappa, and Cohen's averaged over pairs of reviewers. */
  agreement: { fleiss: FleissKappa | null; cohen: PairedKappa | null };
  appeals: { decided: number; granted: number };
  /** The share of decided appeals that were granted. */
  overturnRate: Share | null;
  /** From when the confirmation was stored to when the deactivation was stored. */
  deactivationLatency: Times | null;
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

export function reviewMetrics({ patterns, pairs, ...times }: ReviewCounts): ReviewMetrics {
  // Nobody can appeal yet.
  const appeals = { decided: 0, granted: 0 };
  return {
    ...times,
    agreement: { fleiss: fleissKappa(patterns), cohen: lightKappa(pairs) },
    appeals,
    overturnRate: share(appeals.granted, appeals.decided),
  };
}
