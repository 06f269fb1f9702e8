import { Z_95 } from './metrics.js';

/** A coefficient of agreement beyond chance: 1 for full agreement, 0 for agreement by chance; with its 95% interval. */
export interface Kappa {
  value: number;
  low: number;
  high: number;
}

export interface FleissKappa extends Kappa {
  /** Cases with two verdicts or more. */
  cases: number;
}

export interface PairedKappa extends Kappa {
  /** Pairs of reviewers whose kappas were averaged. */
  pairs: number;
}

/** Cases with equal vote counts: `votes` by kind of verdict. */
export interface VotePattern {
  votes: readonly number[];
  cases: number;
}

/**
 * Fleiss' kappa over cases of two votes or more, each with the same weight however many reviewers it had. If all had
 * equally many, it is the kappa of J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychological
 * Bulletin 76 (1971) 378–382. The generalisation to unequal numbers and the large-sample variance for the interval, valid
 * at any true agreement: K. L. Gwet, "Computing inter-rater reliability and its variance in the presence of high
 * agreement", British Journal of Mathematical and Statistical Psychology 61 (2008) 29–48.
 * @returns null for fewer than two such cases, and if all votes are the same
 */
export function fleissKappa(patterns: readonly VotePattern[]): FleissKappa | null {
  const rated = patterns
    .map(({ votes, cases }) => ({ votes, cases, of: sum(votes) }))
    .filter(({ cases, of }) => cases > 0 && of >= 2);
  const cases = sum(rated.map((pattern) => pattern.cases));
  if (cases < 2) return null;
  const mean = (each: (pattern: (typeof rated)[number]) => number): number =>
    sum(rated.map((pattern) => pattern.cases * each(pattern))) / cases;

  const kinds = Math.max(...rated.map(({ votes }) => votes.length));
  const used = Array.from({ length: kinds }, (_, kind) => rated.some(({ votes }) => (votes[kind] ?? 0) > 0));
  if (used.filter(Boolean).length < 2) return null;
  const shares = used.map((_, kind) => mean(({ votes, of }) => (votes[kind] ?? 0) / of));
  const observedIn = ({ votes, of }: (typeof rated)[number]) => sum(votes.map((n) => n * (n - 1))) / (of * (of - 1));
  const expectedIn = ({ votes, of }: (typeof rated)[number]) => sum(votes.map((n, kind) => (n / of) * shares[kind]!));
  const observed = mean(observedIn);
  const expected = mean(expectedIn);
  const value = (observed - expected) / (1 - expected);
  const squares = mean((pattern) => {
    const own = (observedIn(pattern) - expected) / (1 - expected);
    const influence = own - value - (2 * (1 - value) * (expectedIn(pattern) - expected)) / (1 - expected);
    return influence * influence;
  });
  return { ...interval(value, Math.sqrt(squares / (cases - 1))), cases };
}

export interface Alpha extends Kappa {
  /** Cases with two verdicts or more; the others can't be compared. */
  cases: number;
  /** Verdicts on them. */
  verdicts: number;
}

/**
 * Krippendorff's alpha for nominal data: any number of reviewers, of whom each judged any of the cases. Unlike Fleiss'
 * kappa, it gives each verdict the same weight and corrects for small samples. K. Krippendorff, "Computing Krippendorff's
 * Alpha-Reliability" (University of Pennsylvania, 2011). The interval is that of the jackknife over cases: B. Efron and C.
 * Stein, "The jackknife estimate of variance", Annals of Statistics 9 (1981) 586–596.
 * @returns null for fewer than two such cases, and if all verdicts are the same
 */
export function krippendorffAlpha(patterns: readonly VotePattern[]): Alpha | null {
  const paired = patterns.filter(({ votes, cases }) => cases > 0 && sum(votes) >= 2);
  const cases = sum(paired.map((pattern) => pattern.cases));
  const value = alphaWithout(paired);
  if (cases < 2 || value === null) return null;
  // Without a case, all verdicts may be the same: that there is no alpha then doesn't say that there is agreement.
  const without = paired.map((pattern) => ({ cases: pattern.cases, value: alphaWithout(paired, pattern) ?? 0 }));
  const mean = sum(without.map((one) => one.cases * one.value)) / cases;
  const squares = sum(without.map((one) => one.cases * (one.value - mean) ** 2));
  const verdicts = sum(paired.map((pattern) => pattern.cases * sum(pattern.votes)));
  return { ...interval(value, Math.sqrt(((cases - 1) / cases) * squares)), cases, verdicts };
}

/** The coefficient of all cases, or of all but one of a pattern. */
function alphaWithout(patterns: readonly VotePattern[], left?: VotePattern): number | null {
  const totals: number[] = [];
  let differing = 0;
  for (const pattern of patterns) {
    const cases = pattern.cases - Number(pattern === left);
    const of = sum(pattern.votes);
    const same = sum(pattern.votes.map((n) => n * n));
    differing += (cases * (of * of - same)) / (of - 1);
    for (const [kind, n] of pattern.votes.entries()) totals[kind] = (totals[kind] ?? 0) + cases * n;
  }
  const verdicts = sum(totals);
  const byChance = verdicts * verdicts - sum(totals.map((n) => n * n));
  return byChance === 0 ? null : 1 - ((verdicts - 1) * differing) / byChance;
}

/** Verdicts of two reviewers on their common cases: rows by the first's kinds of verdict, columns by the second's. */
export type PairTable = readonly (readonly number[])[];

/**
 * Cohen's kappa of two reviewers with its large-sample standard error. J. Cohen, "A coefficient of agreement for nominal
 * scales", Educational and Psychological Measurement 20 (1960) 37–46; J. L. Fleiss, J. Cohen and B. S. Everitt, "Large
 * sample standard errors of kappa and weighted kappa", Psychological Bulletin 72 (1969) 323–327.
 * @returns null without common cases, and if both reviewers gave only one and the same verdict
 */
export function cohenKappa(table: PairTable): { value: number; error: number } | null {
  const cases = sum(table.map(sum));
  const rows = table.map((row) => sum(row) / cases);
  const columns = table.map((_, column) => sum(table.map((row) => row[column]!)) / cases);
  if (cases === 0 || table.some((row, kind) => row[kind] === cases)) return null;
  const observed = sum(table.map((row, kind) => row[kind]!)) / cases;
  const expected = sum(rows.map((row, kind) => row * columns[kind]!));
  const value = (observed - expected) / (1 - expected);
  // The variance over the cells of kappa's derivative by a cell's share.
  const cells = table.flatMap((row, i) =>
    row.map((count, j) => {
      const slope =
        (Number(i === j) * (1 - expected) - (1 - observed) * (columns[i]! + rows[j]!)) / (1 - expected) ** 2;
      return { share: count / cases, slope };
    }),
  );
  const middle = sum(cells.map(({ share, slope }) => share * slope));
  const variance = sum(cells.map(({ share, slope }) => share * (slope - middle) ** 2));
  return { value, error: Math.sqrt(variance / cases) };
}

/**
 * Cohen's kappa averaged over pairs of reviewers. R. J. Light, "Measures of response agreement for qualitative data: some
 * generalizations and alternatives", Psychological Bulletin 76 (1971) 365–377. Pairs share reviewers and cases, so their
 * errors are correlated in an unknown way. The error of the mean is at most the mean of the errors; the interval uses that,
 * so it is rather too wide than too narrow.
 * @returns null if no pair has a kappa
 */
export function lightKappa(tables: readonly PairTable[]): PairedKappa | null {
  const kappas = tables.map(cohenKappa).filter((kappa) => kappa !== null);
  const pairs = kappas.length;
  if (pairs === 0) return null;
  const value = sum(kappas.map((kappa) => kappa.value)) / pairs;
  return { ...interval(value, sum(kappas.map((kappa) => kappa.error)) / pairs), pairs };
}

const interval = (value: number, error: number): Kappa => ({
  value,
  low: Math.max(-1, value - Z_95 * error),
  high: Math.min(1, value + Z_95 * error),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
