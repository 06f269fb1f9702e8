/** A figure with the ends of its interval. */
interface Bounded {
  value: number;
  low: number;
  high: number;
}

/** The samples of a gauge with the label `bound`; none without a figure. */
export const boundSamples = (found: Bounded | null | undefined, labels: Record<string, string> = {}) =>
  found
    ? (['value', 'low', 'high'] as const).map((bound) => ({ labels: { ...labels, bound }, value: found[bound] }))
    : [];
