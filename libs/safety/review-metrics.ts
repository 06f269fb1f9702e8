import {
  type FleissKappa,
  fleissKappa,
  lightKappa,
  type PairedKappa,
  type PairTable,
  type VotePattern,
} from './agreement.js';
import { type Share, share } from './metrics.js';

/** Percentiles by nearest rank: each is a time that was observed. In milliseconds. */
export interface Times {
  /** How many were measured. */
  count: number;
  p50Ms: number;
  p95Ms: number;
}

/** How human review works. Of each case its round in force. */
export interface ReviewMetrics {
  /** From the flag that opened the case to the first claim or verdict. */
  timeToFirstView: Times | null;
  /** From the flag that opened the case to its decision, or to the last of its verdicts where that is later. */
  timeToVerdict: Times | null;
  /** Over decided cases. Fleiss' kappa, and Cohen's averaged over pairs of reviewers. */
  agreement: { fleiss: FleissKappa | null; cohen: PairedKappa | null };
  appeals: { decided: number; granted: number };
  /** Appeals granted, of those decided. */
  overturnRate: Share | null;
  /** From the confirmation's to the deactivation's place in the log, by when they were stored. */
  deactivationLatency: Times | null;
}

/** Common cases without which a pair's kappa would say little. */
export const PAIR_CASES_AT_LEAST = 20;

export interface ReviewCounts {
  timeToFirstView: Times | null;
  timeToVerdict: Times | null;
  deactivationLatency: Times | null;
  patterns: VotePattern[];
  /** Of pairs with enough common cases. */
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
