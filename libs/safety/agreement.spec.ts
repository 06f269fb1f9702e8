import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cohenKappa, fleissKappa, lightKappa, type VotePattern } from './agreement.js';

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const Z = 1.959963984540054;

/** Reviewers' votes on a case as a list of at least two kinds of verdict. */
const panel = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 6 });
const panels = fc.array(panel, { minLength: 2, maxLength: 12 });
const asPattern = (votes: readonly number[]): VotePattern => ({
  votes: [0, 1, 2].map((kind) => votes.filter((vote) => vote === kind).length),
  cases: 1,
});

/**
 * From the definition: the agreement of two different votes on a case, and that of two votes from independently drawn
 * cases, each case with the same probability.
 */
function fleissByDraws(cases: readonly (readonly number[])[]): number {
  const observed = cases.map((votes) => {
    const pairs = votes.flatMap((one, i) => votes.filter((_, j) => j !== i).map((other) => Number(one === other)));
    return sum(pairs) / pairs.length;
  });
  let expected = 0;
  for (const votes of cases) {
    for (const others of cases) {
      for (const one of votes) {
        for (const other of others)
          if (one === other) expected += 1 / (votes.length * others.length * cases.length ** 2);
      }
    }
  }
  return (sum(observed) / cases.length - expected) / (1 - expected);
}

describe('Fleiss’ kappa', () => {
  it('equals the textbook example with ten subjects, fourteen raters and five kinds', () => {
    const example = [
      [0, 0, 0, 0, 14],
      [0, 2, 6, 4, 2],
      [0, 0, 3, 5, 6],
      [0, 3, 9, 2, 0],
      [2, 2, 8, 1, 1],
      [7, 7, 0, 0, 0],
      [3, 2, 6, 3, 0],
      [2, 5, 3, 2, 2],
      [6, 5, 2, 1, 0],
      [0, 2, 2, 3, 7],
    ];
    // Sum of squares 828 gives (828 - 140) / (10 * 14 * 13); columns sum to 20, 28, 39, 21 and 32 of 140.
    const squares = sum(example.flat().map((n) => n * n));
    const observed = (squares - 140) / (10 * 14 * 13);
    const expected = (20 ** 2 + 28 ** 2 + 39 ** 2 + 21 ** 2 + 32 ** 2) / 140 ** 2;
    const kappa = fleissKappa(example.map((votes) => ({ votes, cases: 1 })))!;
    expect(kappa.value).toBeCloseTo((observed - expected) / (1 - expected), 12);
    expect(kappa.value).toBeCloseTo(0.21, 3);
    expect(kappa.cases).toBe(10);
  });

  it('equals the definition by drawn votes, for panels of any sizes', () => {
    fc.assert(
      fc.property(panels, (cases) => {
        fc.pre(new Set(cases.flat()).size > 1);
        expect(fleissKappa(cases.map(asPattern))!.value).toBeCloseTo(fleissByDraws(cases), 9);
      }),
    );
  });

  it('has the standard error of its numerical derivative by the weight of each case', () => {
    const valueWith = (cases: readonly (readonly number[])[], heavier: number, by: number) =>
      fleissKappa(cases.map((votes, i) => ({ ...asPattern(votes), cases: 1 + (i === heavier ? by : 0) })))!.value;
    fc.assert(
      fc.property(panels, (cases) => {
        fc.pre(cases.length > 2 && new Set(cases.flat()).size > 1);
        const { value, low, high } = fleissKappa(cases.map(asPattern))!;
        const n = cases.length;
        const step = 1e-5;
        const influences = cases.map(
          (_, i) => (n * (valueWith(cases, i, step) - valueWith(cases, i, -step))) / (2 * step),
        );
        const error = Math.sqrt(sum(influences.map((one) => one * one)) / (n * (n - 1)));
        expect(low).toBeCloseTo(Math.max(-1, value - Z * error), 5);
        expect(high).toBeCloseTo(Math.min(1, value + Z * error), 5);
      }),
    );
  });

  it('is the same for grouped and separate cases, and ignores cases with a single vote', () => {
    fc.assert(
      fc.property(panels, fc.integer({ min: 2, max: 5 }), (cases, times) => {
        const apart = Array.from({ length: times }, () => cases.map(asPattern)).flat();
        const together = cases.map((votes) => ({ ...asPattern(votes), cases: times }));
        const alone = { votes: [1, 0, 0], cases: 7 };
        const [one, other] = [fleissKappa(apart), fleissKappa([alone, ...together])];
        expect(one === null).toBe(other === null);
        expect(other?.value ?? 0).toBeCloseTo(one?.value ?? 0, 9);
        expect(other?.low ?? 0).toBeCloseTo(one?.low ?? 0, 9);
        expect(other?.cases).toBe(one?.cases);
      }),
    );
  });

  it('is 1 for full agreement on different verdicts, and null if it is undefined', () => {
    const unanimous = [
      { votes: [5, 0, 0], cases: 3 },
      { votes: [0, 4, 0], cases: 2 },
    ];
    expect(fleissKappa(unanimous)).toEqual({ value: 1, low: 1, high: 1, cases: 5 });
    expect(fleissKappa([])).toBeNull();
    expect(fleissKappa([{ votes: [1, 0, 0], cases: 9 }])).toBeNull();
    expect(fleissKappa([{ votes: [1, 1, 0], cases: 1 }])).toBeNull();
    expect(fleissKappa([{ votes: [5, 0, 0], cases: 9 }])).toBeNull();
  });
});

describe('Cohen’s kappa', () => {
  it('equals the textbook example with fifty cases, 20 and 15 alike', () => {
    // 35 of 50 alike; by chance 25/50 * 30/50 + 25/50 * 20/50 = 0.5.
    const { value, error } = cohenKappa([
      [20, 5],
      [10, 15],
    ])!;
    expect(value).toBeCloseTo((0.7 - 0.5) / (1 - 0.5), 12);
    // Fleiss, Cohen and Everitt's formula by hand, with row shares 0.5, 0.5 and column shares 0.6, 0.4.
    const agreeing = 0.4 * (0.5 - 1.1 * 0.3) ** 2 + 0.3 * (0.5 - 0.9 * 0.3) ** 2;
    const differing = 0.3 ** 2 * (0.1 * (0.6 + 0.5) ** 2 + 0.2 * (0.4 + 0.5) ** 2);
    const less = (0.7 * 0.5 - 2 * 0.5 + 0.7) ** 2;
    expect(error).toBeCloseTo(Math.sqrt((agreeing + differing - less) / (50 * 0.5 ** 4)), 12);
  });

  const rated = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })), {
    minLength: 1,
    maxLength: 40,
  });
  const asTable = (pairs: readonly (readonly [number, number])[]) =>
    [0, 1, 2].map((a) => [0, 1, 2].map((b) => pairs.filter((one) => one[0] === a && one[1] === b).length));

  it('equals the definition by drawn verdicts, and is symmetric', () => {
    fc.assert(
      fc.property(rated, (pairs) => {
        const kappa = cohenKappa(asTable(pairs));
        const swapped = cohenKappa(asTable(pairs.map(([a, b]) => [b, a] as const)));
        const chance = sum(pairs.flatMap(([a]) => pairs.map(([, b]) => Number(a === b)))) / pairs.length ** 2;
        if (chance === 1) {
          expect([kappa, swapped]).toEqual([null, null]);
          return;
        }
        const alike = sum(pairs.map(([a, b]) => Number(a === b))) / pairs.length;
        expect(kappa!.value).toBeCloseTo((alike - chance) / (1 - chance), 9);
        expect(swapped!.value).toBeCloseTo(kappa!.value, 9);
        expect(swapped!.error).toBeCloseTo(kappa!.error, 9);
      }),
    );
  });

  it('skips pairs without a kappa in the average, whose error is the mean of theirs', () => {
    const one = [
      [20, 5],
      [10, 15],
    ];
    const other = [
      [10, 0],
      [0, 10],
    ];
    const silent = [
      [30, 0],
      [0, 0],
    ];
    const { value, error } = cohenKappa(one)!;
    const mean = (value + 1) / 2;
    const reach = (Z * error) / 2;
    expect(lightKappa([one, silent, other])).toEqual({
      value: expect.closeTo(mean, 12),
      low: expect.closeTo(mean - reach, 12),
      high: expect.closeTo(Math.min(1, mean + reach), 12),
      pairs: 2,
    });
    expect(lightKappa([silent])).toBeNull();
    expect(lightKappa([])).toBeNull();
  });
});
