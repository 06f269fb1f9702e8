import { harmThreshold } from './alpha-spending.js';
import { lowerBound } from './bounds.js';
import { type Counts, logEHarm, priorOfLimit } from './evidence.js';

/** The matured prefix of a cohort. */
export interface CohortCounts {
  /** 1 for the first cohort that there ever was. */
  ordinal: number;
  exposures: number;
  confirmed: number;
}

export interface HarmTest extends CohortCounts {
  isHarm: boolean;
  logE: number;
  threshold: number;
}

/** Most counts of cohorts are those of the last look, of which there is one every few seconds. */
const RESULTS_KEPT = 10_000;

const evidenceOf = remembering((counts, limit) => logEHarm(counts, priorOfLimit(limit), limit));
const lowestOf = remembering((counts, limit, threshold) => lowerBound(counts, priorOfLimit(limit), threshold));

/** By confirmed violations only, since a backlog is no harm, and against the limit as it was set. */
export function testForHarm(cohort: CohortCounts, { limit, alpha }: { limit: number; alpha: number }): HarmTest {
  const threshold = Math.log(harmThreshold(alpha, cohort.ordinal));
  const logE = evidenceOf(countsOf(cohort), limit, 0);
  return { ...cohort, isHarm: logE >= threshold, logE, threshold };
}

/** The lowest rate of a cohort that the test for harm does not refute; a search, which no decision needs. */
export const lowestRate = (test: HarmTest, { limit }: { limit: number }): number =>
  lowestOf(countsOf(test), limit, test.threshold);

const countsOf = ({ exposures: n, confirmed: x }: CohortCounts): Counts => ({ n, x });

/** Keeps the latest results of a formula: the same numbers have the same one. */
function remembering(formula: (counts: Counts, limit: number, threshold: number) => number): typeof formula {
  const kept = new Map<string, number>();
  return (counts, limit, threshold) => {
    const key = `${counts.n} ${counts.x} ${limit} ${threshold}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const result = formula(counts, limit, threshold);
    if (kept.size >= RESULTS_KEPT) kept.delete(kept.keys().next().value as string);
    kept.set(key, result);
    return result;
  };
}
