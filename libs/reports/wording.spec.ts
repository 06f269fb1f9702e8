import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { countWords, percentText, shareWords } from './wording.js';

const seed = 42;
const counts = fc.oneof(fc.nat(5_000), fc.nat(10_000_000), fc.maxSafeNat());
const shares = fc
  .tuple(counts, counts)
  .map(([one, other]): [number, number] => [Math.min(one, other), Math.max(one, other)])
  .filter(([, of]) => of > 0);

const UNITS: Record<string, bigint> = { '': 1n, million: 1_000_000n, billion: 1_000_000_000n };

/** A decimal number as a fraction, without rounding it. */
function fraction(text: string): [bigint, bigint] {
  const [integer, decimals = ''] = text.replaceAll(',', '').split('.');
  return [BigInt(integer! + decimals), 10n ** BigInt(decimals.length)];
}

describe('countWords', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_204, 'over 1,200'],
    [1_050, 'over 1,000'],
    [900_000, '900,000'],
    [1_900_000, '1.9 million'],
    [3_000_000, '3 million'],
    [3_100_000, 'over 3 million'],
    [1_955_555, 'over 1.9 million'],
    [38_999_999, 'over 38 million'],
    [2_500_000_001, 'over 2.5 billion'],
  ])('says of %i: %s', (count, words) => expect(countWords(count)).toBe(words));

  it('says over only of what is more, by less than a ninth, and otherwise the count itself', () => {
    fc.assert(
      fc.property(counts, (count) => {
        const [, over, number, unit = ''] = /^(over )?([\d,.]+)(?: (million|billion))?$/.exec(countWords(count))!;
        const [above, below] = fraction(number!);
        const said = (above * UNITS[unit]!) / below;
        if (over === undefined) expect(said).toBe(BigInt(count));
        else {
          expect(BigInt(count)).toBeGreaterThan(said);
          expect(BigInt(count) * 9n).toBeLessThanOrEqual(said * 10n);
        }
      }),
      { seed, numRuns: runs(500, 2_000) },
    );
  });
});

describe('shareWords', () => {
  it.each([
    [0, 7, 'none'],
    [7, 7, 'all'],
    [37, 89_700, 'fewer than 0.05%'],
    [5, 10_000, 'fewer than 0.1%'],
    [1, 3_000_000, 'fewer than 0.00005%'],
    [1, 100, '1%'],
    [99, 10_000, 'fewer than 1%'],
    [3, 10, '30%'],
    [107, 358, 'about 30%'],
    [15, 1_000, '1.5%'],
    [9_999, 100_000, 'about 10%'],
    [99, 100, '99%'],
    [999, 1_000, 'over 99%'],
  ])('says of %i of %i: %s', (hits, of, words) => expect(shareWords(hits, of)).toBe(words));

  it('says only what is true of the exact share, and not much more than that', () => {
    fc.assert(
      fc.property(shares, ([hits, of]) => {
        const words = shareWords(hits, of);
        if (words === 'none') return expect(hits).toBe(0);
        if (words === 'all') return expect(hits).toBe(of);
        const [, word = '', number] = /^(fewer than |over |about )?([\d.]+)%$/.exec(words)!;
        const [above, below] = fraction(number!);
        // In units of 1 / (100 · of · below), so that both are integers.
        const [share, said] = [BigInt(hits) * 100n * below, above * BigInt(of)];
        if (word === '') return expect(share).toBe(said);
        if (word === 'over ') return expect(share).toBeGreaterThan(said);
        if (word === 'fewer than ') {
          expect(share).toBeLessThan(said);
          return expect(share * 5n).toBeGreaterThanOrEqual(said * 2n);
        }
        expect(share).not.toBe(said);
        const distance = share > said ? share - said : said - share;
        // Half a percent from 10% on, half a tenth below.
        const most = BigInt(of) * below;
        return expect(distance * (share < 10n * most ? 20n : 2n)).toBeLessThanOrEqual(most);
      }),
      { seed, numRuns: runs(1_000, 5_000) },
    );
  });
});

it('shows percents to three significant digits', () => {
  expect([0, 1, 0.3, 107 / 358, 37 / 89_700, 0.01234].map(percentText)).toEqual([
    ...['0%', '100%', '30.0%', '29.9%', '0.0412%', '1.23%'],
  ]);
});
