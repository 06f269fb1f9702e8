/** One reviewer's verdict on a case, and its delay after the flag. */
export interface HandVerdict {
  reviewer: string;
  verdict: string;
  afterMs: number;
}
export type HandCase = readonly HandVerdict[];

const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** The smallest number that `share` of all numbers do not exceed. */
function percentile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.find((_, i) => (i + 1) / sorted.length >= share)!;
}

export const timesByHand = (numbers: readonly number[]) => ({
  count: numbers.length,
  p50Ms: percentile(numbers, 0.5),
  p95Ms: percentile(numbers, 0.95),
});

/** Fleiss' kappa from pairs of votes on a case and the shares of the kinds of verdict; null if undefined. */
export function fleissByHand(cases: readonly HandCase[]): number | null {
  const rated = cases.filter((one) => one.length > 1);
  const kinds = [...new Set(rated.flat().map(({ verdict }) => verdict))];
  if (rated.length < 2 || kinds.length < 2) return null;
  const alike = rated.map((one) =>
    mean(one.flatMap((a) => one.filter((b) => b !== a).map((b) => Number(a.verdict === b.verdict)))),
  );
  const shares = kinds.map((kind) => mean(rated.map((one) => mean(one.map((a) => Number(a.verdict === kind))))));
  const byChance = shares.reduce((sum, share) => sum + share * share, 0);
  return (mean(alike) - byChance) / (1 - byChance);
}

/** The standard error of Fleiss' kappa by the jackknife: leaving out one case at a time. */
export function fleissErrorByHand(cases: readonly HandCase[]): number {
  const known = new Map<string, number>();
  const without = cases.map((left) => {
    const votes = left.map(({ verdict }) => verdict).sort();
    const value = known.get(`${votes}`) ?? fleissByHand(cases.filter((one) => one !== left))!;
    known.set(`${votes}`, value);
    return value;
  });
  const middle = mean(without);
  return Math.sqrt((cases.length - 1) * mean(without.map((one) => (one - middle) ** 2)));
}

/** Cohen's kappa of each pair of reviewers with 20 common cases. */
function pairsByHand(cases: readonly HandCase[]): { pair: string[]; kappa: number }[] {
  const reviewers = [...new Set(cases.flat().map(({ reviewer }) => reviewer))];
  const found: { pair: string[]; kappa: number }[] = [];
  for (const [place, first] of reviewers.entries()) {
    for (const second of reviewers.slice(place + 1)) {
      const common = cases
        .map((one) => [first, second].map((name) => one.find(({ reviewer }) => reviewer === name)?.verdict))
        .filter(([a, b]) => a !== undefined && b !== undefined);
      if (common.length < 20) continue;
      const kinds = [...new Set(common.flat())];
      const shareOf = (side: number, kind: string | undefined) => mean(common.map((one) => Number(one[side] === kind)));
      const byChance = kinds.reduce((sum, kind) => sum + shareOf(0, kind) * shareOf(1, kind), 0);
      if (kinds.length < 2) continue;
      const kappa = (mean(common.map(([a, b]) => Number(a === b))) - byChance) / (1 - byChance);
      found.push({ pair: [first, second], kappa });
    }
  }
  return found;
}

/** Their average over all pairs, or over those of one reviewer; null without a pair. */
export function cohenByHand(cases: readonly HandCase[], reviewer?: string): { value: number; pairs: number } | null {
  const pairs = pairsByHand(cases).filter(({ pair }) => reviewer === undefined || pair.includes(reviewer));
  return pairs.length > 0 ? { value: mean(pairs.map(({ kappa }) => kappa)), pairs: pairs.length } : null;
}

/** Krippendorff's alpha of nominal data, from the disagreement of every two verdicts: observed within cases, expected of all. */
export function alphaByHand(cases: readonly HandCase[]): number {
  const rated = cases.filter((one) => one.length > 1);
  const differ = (some: readonly HandVerdict[]) =>
    some.reduce((sum, a) => sum + some.filter((b) => b.verdict !== a.verdict).length, 0);
  const all = rated.flat();
  const counts = new Map<string, number>();
  for (const { verdict } of all) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const expected = [...counts.values()].reduce((sum, count) => sum + count * (all.length - count), 0);
  const observed = rated.reduce((sum, one) => sum + differ(one) / (one.length - 1), 0);
  return 1 - (observed * (all.length - 1)) / expected;
}
