/** How often something happened in simulated rollouts. */
export interface ShareOfRuns {
  share: number;
  standardError: number;
}

export const shareOf = (times: number, runs: number): ShareOfRuns => ({
  share: times / runs,
  standardError: Math.sqrt((times / runs) * (1 - times / runs) * (1 / runs)),
});

/** What a share of runs may be at most if the probability is alpha: three standard errors more. */
export const highestShare = (alpha: number, runs: number): number =>
  alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs);

/** The median of numbers, those that are missing counting as more than any; null if it is one of those. */
export function medianOf(found: readonly number[], runs: number): number | null {
  const sorted = [...found].sort((a, b) => a - b);
  return sorted[Math.ceil(runs / 2) - 1] ?? null;
}
