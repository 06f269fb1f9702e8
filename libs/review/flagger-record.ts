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
export const precisionBound = (record: FlaggerRecord): number =>
  record.confirmed === 0 ? 0 : Math.max(0, wilson(record, -1));

/**
 * The precision that a flagger has at most, with 95% confidence: Wilson's other bound.
 * @returns from 0 to 1, also for nothing decided
 */
export const precisionLimit = (record: FlaggerRecord): number =>
  record.decided === 0 ? 1 : Math.min(1, wilson(record, 1));

/**
 * Whether it is known well enough that few flags of somebody are confirmed. Nobody has a poor record after a few flags.
 * @param percent below which a precision is poor; 0 for never
 */
export const isPoor = (record: FlaggerRecord, percent: number): boolean => precisionLimit(record) * 100 < percent;

function wilson({ decided, confirmed }: FlaggerRecord, side: 1 | -1): number {
  if (decided === 0) return 0;
  const value = confirmed / decided;
  const zz = Z_95_ONE_SIDED ** 2;
  const middle = value + zz / (2 * decided);
  const reach = Z_95_ONE_SIDED * Math.sqrt((value * (1 - value)) / decided + zz / (4 * decided * decided));
  return (middle + side * reach) / (1 + zz / decided);
}
