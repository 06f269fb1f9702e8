import { leastInteger } from '../bisection.js';
import { afterTrials, binomial } from './binomial.js';

/** How a rule behaves at a true rate: exact, up to rounding. */
export interface Crossing {
  /** The probability that it acts at all. */
  probability: number;
  /** After how many exposures half of those that ever act have acted; null if none does. */
  medianExposures: number | null;
}

/** When a rule acts: at some numbers of exposures, each with its probability. */
interface Acting {
  exposures: number;
  probability: number;
}

function crossingOf(acting: readonly Acting[]): Crossing {
  const probability = acting.reduce((sum, one) => sum + one.probability, 0);
  let acted = 0;
  const median = acting.find((one) => {
    acted += one.probability;
    return one.probability > 0 && acted >= probability / 2;
  });
  return { probability, medianExposures: median?.exposures ?? null };
}

/**
 * A rule that opens as soon as there are `boundary[x]` exposures with x violations, looked at after every exposure. It is still
 * closed at boundary[x] if and only if there are more than x violations by then, so the distribution of the violations
 * among what is still closed is carried from one boundary to the next.
 * @param boundary ascending
 */
export function openingOf(boundary: ArrayLike<number>, rate: number): Crossing {
  let counts = certainly(0, boundary.length);
  const acting: Acting[] = [];
  for (let x = 0, n = 0; x < boundary.length; x++) {
    const exposures = boundary[x]!;
    counts = afterTrials(counts, exposures - n, rate);
    n = exposures;
    acting.push({ exposures, probability: counts[x]! });
    counts[x] = 0;
  }
  return crossingOf(acting);
}

/** A rule that is looked at a few times only. */
export interface Look {
  exposures: number;
  /** Opens with at most so many violations; -1 never. */
  mostViolations: number;
}

export function openingAtLooks(looks: readonly Look[], rate: number): Crossing {
  let counts = certainly(0, Math.max(...looks.map(({ mostViolations }) => mostViolations)) + 1);
  let n = 0;
  return crossingOf(
    looks.map(({ exposures, mostViolations }) => {
      counts = afterTrials(counts, exposures - n, rate);
      n = exposures;
      const probability = counts.subarray(0, mostViolations + 1).reduce((sum, one) => sum + one, 0);
      counts.fill(0, 0, mostViolations + 1);
      return { exposures, probability };
    }),
  );
}

/**
 * A rule that brakes as soon as there are x violations among at most `most[x]` exposures.
 * @param most of 0, 1, … violations, ascending; 0 for so few that never brake
 */
export function brakingOf(most: ArrayLike<number>, rate: number): Crossing {
  const parts: { violations: number; from: number; until: number; before: Float64Array; probability: number }[] = [];
  let counts = certainly(0, most.length);
  let from = 0;
  for (let violations = 1; violations < most.length; violations++) {
    const until = most[violations]!;
    if (until === 0) continue;
    const before = counts;
    parts.push({ violations, from, until, before, probability: atLeast(violations, before, until - from, rate) });
    counts = afterTrials(before, until - from, rate);
    counts.fill(0, violations);
    from = until;
  }
  const probability = parts.reduce((sum, one) => sum + one.probability, 0);
  let braked = 0;
  for (const part of parts) {
    if (part.probability > 0 && braked + part.probability >= probability / 2) {
      const { violations, before, from, until } = part;
      const half = (n: number) => n >= until || braked + atLeast(violations, before, n - from, rate) >= probability / 2;
      return { probability, medianExposures: leastInteger(from, half) };
    }
    braked += part.probability;
  }
  return { probability, medianExposures: null };
}

/** The probability of that many or more, n trials after the counts. */
function atLeast(violations: number, counts: Float64Array, n: number, rate: number): number {
  const { first, probabilities } = binomial(n, rate);
  const tails = new Float64Array(probabilities.length + 1);
  for (let i = probabilities.length - 1; i >= 0; i--) tails[i] = tails[i + 1]! + probabilities[i]!;
  let sum = 0;
  for (let x = 0; x < counts.length; x++) {
    const missing = violations - x - first;
    if (counts[x]! > 0) sum += counts[x]! * (missing <= 0 ? 1 : (tails[missing] ?? 0));
  }
  return sum;
}

function certainly(count: number, length: number): Float64Array {
  const counts = new Float64Array(length);
  counts[count] = 1;
  return counts;
}
