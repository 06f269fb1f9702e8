import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { krippendorffAlpha, type VotePattern } from './agreement.js';

const Z = 1.959963984540054;
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

/** Verdicts by reviewer, a character for each case; `.` for none. */
const asCases = (reviewers: readonly string[]): string[][] =>
  [...reviewers[0]!].map((_, n) => reviewers.map((verdicts) => verdicts[n]!).filter((verdict) => verdict !== '.'));

function asPatterns(cases: readonly (readonly string[])[]): VotePattern[] {
  const kinds = [...new Set(cases.flat())].sort();
  return cases.map((verdicts) => ({
    votes: kinds.map((kind) => verdicts.filter((verdict) => verdict === kind).length),
    cases: 1,
  }));
}

/** A second implementation: 1 - observed / expected disagreement, over pairs of verdicts one by one. */
function alphaByPairs(cases: readonly (readonly string[])[]): number | null {
  const paired = cases.filter((verdicts) => verdicts.length >= 2);
  const all = paired.flat();
  const disagreement = (verdicts: readonly string[], weight: number) =>
    sum(verdicts.flatMap((one, i) => verdicts.map((other, j) => (i !== j && one !== other ? weight : 0))));
  const observed = sum(paired.map((verdicts) => disagreement(verdicts, 1 / (verdicts.length - 1)))) / all.length;
  const expected = disagreement(all, 1 / (all.length * (all.length - 1)));
  return expected === 0 ? null : 1 - observed / expected;
}

const verdict = fc.constantFrom('a', 'b', 'c');
const someCases = fc.array(fc.array(verdict, { maxLength: 6 }), { minLength: 2, maxLength: 12 });
/** The same in every run. */
const fixed = { seed: 12, numRuns: 300 };

describe('Krippendorff’s alpha', () => {
  // Examples A, B and C of Krippendorff (2011), and the worked example of the article "Krippendorff's alpha" of Wikipedia.
  it.each([
    ['two reviewers with two kinds', 0.095, ['0100000010', '1110010000']],
    ['two reviewers with five kinds', 0.692, ['aabbdcccedda', 'babbbccceddd']],
    ['four reviewers with gaps', 0.743, ['123321412...', '1233224125.3', '.3332342251.', '12332441251.']],
    ['three reviewers with gaps', 0.691, ['.....34121133.3', '1.213343.......', '..21344.21133.4']],
  ])('of %s has the published value %d', (_, published, reviewers) => {
    expect(krippendorffAlpha(asPatterns(asCases(reviewers)))!.value).toBeCloseTo(published, 3);
  });

  it('equals a second implementation by pairs of verdicts', () => {
    fc.assert(
      fc.property(someCases, (cases) => {
        const expected = cases.filter((verdicts) => verdicts.length >= 2).length < 2 ? null : alphaByPairs(cases);
        const alpha = krippendorffAlpha(asPatterns(cases));
        if (expected === null) expect(alpha).toBeNull();
        else expect(alpha!.value).toBeCloseTo(expected, 9);
      }),
      fixed,
    );
  });

  it('has the interval of leaving out each case once', () => {
    fc.assert(
      fc.property(someCases, (cases) => {
        const alpha = krippendorffAlpha(asPatterns(cases));
        fc.pre(alpha !== null);
        const paired = cases.filter((verdicts) => verdicts.length >= 2);
        const without = paired.map((_, left) => alphaByPairs(paired.filter((__, n) => n !== left)) ?? 0);
        const mean = sum(without) / paired.length;
        const squares = sum(without.map((one) => (one - mean) ** 2));
        const reach = Z * Math.sqrt(((paired.length - 1) / paired.length) * squares);
        expect(alpha!.low).toBeCloseTo(Math.max(-1, alpha!.value - reach), 9);
        expect(alpha!.high).toBeCloseTo(Math.min(1, alpha!.value + reach), 9);
      }),
      fixed,
    );
  });

  it('is the same for grouped and separate cases, and ignores cases with a single verdict', () => {
    fc.assert(
      fc.property(someCases, fc.integer({ min: 2, max: 5 }), (cases, times) => {
        const apart = krippendorffAlpha(Array.from({ length: times }, () => asPatterns(cases)).flat());
        const grouped = asPatterns(cases).map(({ votes }) => ({ votes, cases: times }));
        const together = krippendorffAlpha([{ votes: [1], cases: 7 }, ...grouped]);
        expect(together === null).toBe(apart === null);
        for (const name of ['value', 'low', 'high', 'cases', 'verdicts'] as const)
          expect(together?.[name] ?? 0).toBeCloseTo(apart?.[name] ?? 0, 9);
      }),
      fixed,
    );
  });

  it('is 1 for full agreement on different verdicts, and null if it is undefined', () => {
    const unanimous = [
      { votes: [5, 0], cases: 3 },
      { votes: [0, 4], cases: 2 },
    ];
    expect(krippendorffAlpha(unanimous)).toEqual({ value: 1, low: 1, high: 1, cases: 5, verdicts: 23 });
    expect(krippendorffAlpha([])).toBeNull();
    expect(krippendorffAlpha([{ votes: [1, 1], cases: 1 }])).toBeNull();
    expect(krippendorffAlpha([{ votes: [5, 0], cases: 9 }])).toBeNull();
    expect(krippendorffAlpha([{ votes: [1, 0], cases: 9 }])).toBeNull();
  });
});
