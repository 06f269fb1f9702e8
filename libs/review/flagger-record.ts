/** How the flags of somebody were decided: the cases in which they flagged, of those that were confirmed or dismissed. */
export interface FlaggerRecord {
  decided: number;
  confirmed: number;
}

/** The 95% point of the standard normal distribution: the bound is on one side. */
const Z_95_ONE_SIDED = 1.6448536269514722;

/**
 * The precision that a flagger has at least, with 95% confidence: one lucky flag does not count for much. Wilson's bound, J.
 * Am. Stat. Assoc. 22 (1927) 209–212.
 * @returns from 0, also for nothing decided, to 1
 */
export function precisionBound({ decided, confirmed }: FlaggerRecord): number {
  if (decided === 0 || confirmed === 0) return 0;
  const value = confirmed / decided;
  const zz = Z_95_ONE_SIDED ** 2;
  const middle = value + zz / (2 * decided);
  const reach = Z_95_ONE_SIDED * Math.sqrt((value * (1 - value)) / decided + zz / (4 * decided * decided));
  return Math.max(0, (middle - reach) / (1 + zz / decided));
}
