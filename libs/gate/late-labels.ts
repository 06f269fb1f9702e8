import { leastInteger } from './bisection.js';
import { logEHarm, priorOfLimit } from './evidence.js';
import { thresholdOf } from './opening-boundary.js';

/** Confirmed violations that were followed for long enough, and those of them that were not known in time. */
export interface LateCounts {
  violations: number;
  late: number;
}

interface LateAssumption {
  /** At most this share of violations is late. */
  lateShare: number;
  /** The chance that a share that holds is ever refuted. */
  alpha: number;
}

export interface LateTest extends LateCounts {
  /** Whether more violations come late than the share that is set allows. */
  isExceeded: boolean;
  /** The least share that the counts do not refute, in steps of 0.0001; null if it is not exceeded, or none may be set. */
  leastShare: number | null;
}

const STEPS = 10_000;
/** No operator may set a larger share. */
const MOST_SHARE = 0.99;

/**
 * Tests the share of violations that the gate assumes to come late, with each violation as unit. It may look as often as it wants: see
 * `logEHarm`. What comes later than anybody waits for is late and not counted yet, which takes evidence away and adds none.
 */
export function testOfLateShare(counts: LateCounts, { lateShare, alpha }: LateAssumption): LateTest {
  const { violations, late } = counts;
  const isExceeded = exceeds(counts, lateShare, alpha);
  return { violations, late, isExceeded, leastShare: isExceeded ? leastShareOf(counts, lateShare, alpha) : null };
}

const exceeds = ({ violations: n, late: x }: LateCounts, share: number, alpha: number): boolean =>
  share === 0 ? x > 0 : logEHarm({ n, x }, priorOfLimit(share), share) >= thresholdOf(alpha);

/** Each share has a prior of its own, so this is not the lower bound of the test of the share that is set. */
function leastShareOf(counts: LateCounts, exceeded: number, alpha: number): number | null {
  const most = MOST_SHARE * STEPS;
  const suffices = (step: number) => step >= most || !exceeds(counts, step / STEPS, alpha);
  const share = leastInteger(Math.floor(exceeded * STEPS) + 1, suffices) / STEPS;
  return exceeds(counts, share, alpha) ? null : share;
}
