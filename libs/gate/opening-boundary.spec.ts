import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { alphaOfStage } from './alpha-spending.js';
import { leastInteger } from './bisection.js';
import { lowerBound, upperBound } from './bounds.js';
import { logEHarm, priorNearLimit, priorOfLimit } from './evidence.js';
import { isOpen, mostHarmfulExposures, openingBoundary, openingExposures, thresholdOf } from './opening-boundary.js';

const LIMIT = 0.0005;
const whole = { limit: LIMIT, alpha: 0.05, prior: priorOfLimit(LIMIT) };
const firstStage = { ...whole, alpha: alphaOfStage(0.05, 1) };

const test = fc.record({
  limit: fc.double({ min: 1e-6, max: 0.2, noNaN: true }),
  alpha: fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
  near: fc.boolean(),
});
const opening = test.map(({ near, limit, alpha }) => ({
  ...{ limit, alpha },
  prior: near ? priorNearLimit(limit) : priorOfLimit(limit),
}));

describe('the exposures at which the gate opens', () => {
  it('are 8,377, 13,191, 17,293 and 21,052 with no to three violations at a limit of 0.0005', () => {
    expect([0, 1, 2, 3].map((x) => openingExposures(x, whole))).toEqual([8_377, 13_191, 17_293, 21_052]);
  });

  it('are 10,056 without a violation in a first stage, which may spend half of alpha', () => {
    expect(openingExposures(0, firstStage)).toBe(10_056);
  });

  it('are the first that suffice, and each further violation requires more', () => {
    fc.assert(
      fc.property(opening, fc.integer({ min: 0, max: 200 }), (test, x) => {
        const n = openingExposures(x, test);
        expect([isOpen({ n: n - 1, x }, test), isOpen({ n, x }, test), isOpen({ n: n + 1, x }, test)]).toEqual(
          n > x ? [false, true, true] : [expect.anything(), true, true],
        );
        expect(openingExposures(x + 1, test)).toBeGreaterThan(n);
      }),
    );
  });

  it('have as boundary all up to a number of exposures', () => {
    const boundary = openingBoundary(whole, 21_052);
    expect([...boundary]).toEqual([8_377, 13_191, 17_293, 21_052]);
    expect([...openingBoundary(whole, 21_051)]).toEqual([8_377, 13_191, 17_293]);
    expect([...openingBoundary(whole, 8_376)]).toEqual([]);
  });

  it('are searched among safe integers only', () => {
    expect(() => leastInteger(0, () => false)).toThrow(RangeError);
    expect(leastInteger(5, () => true)).toBe(5);
    expect(leastInteger(-3, (n) => n >= 1_234_567)).toBe(1_234_567);
  });
});

describe('the exposures among which violations show harm', () => {
  it('are the most that do, and none for too few violations', () => {
    const threshold = Math.log(20);
    const most = (x: number) => mostHarmfulExposures(x, LIMIT, priorOfLimit(LIMIT), threshold);
    // By hand from the reference program: three violations never show harm, four do among their first 715 exposures.
    expect([0, 3, 4, 5, 6, 7].map(most)).toEqual([0, 0, 715, 1_648, 2_644, 3_693]);
    expect(logEHarm({ n: 715, x: 4 }, priorOfLimit(LIMIT), LIMIT)).toBeGreaterThanOrEqual(threshold);
    expect(logEHarm({ n: 716, x: 4 }, priorOfLimit(LIMIT), LIMIT)).toBeLessThan(threshold);
  });
});

describe('the bounds of the chart', () => {
  it('have the upper one below the limit exactly if the gate is open', () => {
    const { prior, alpha } = whole;
    expect(upperBound({ n: 8_376, x: 0 }, prior, thresholdOf(alpha))).toBeGreaterThan(LIMIT);
    expect(upperBound({ n: 8_377, x: 0 }, prior, thresholdOf(alpha))).toBeLessThan(LIMIT);
    fc.assert(
      fc.property(opening, fc.integer({ min: 0, max: 100 }), (test, x) => {
        const n = openingExposures(x, test);
        const upper = (n: number) => upperBound({ n, x }, test.prior, thresholdOf(test.alpha));
        expect(upper(n)).toBeLessThanOrEqual(test.limit * (1 + 1e-12));
        if (n > x) expect(upper(n - 1)).toBeGreaterThan(test.limit * (1 - 1e-12));
      }),
    );
  });

  it('have the share of violations between them, and narrow if everything is four times as much', () => {
    const counts = fc
      .integer({ min: 1, max: 1_000_000 })
      .chain((n) => fc.record({ n: fc.constant(n), x: fc.integer({ min: 0, max: Math.ceil(n / 50) }) }));
    fc.assert(
      fc.property(opening, counts, ({ prior, alpha }, { n, x }) => {
        const [low, high] = [
          lowerBound({ n, x }, prior, thresholdOf(alpha)),
          upperBound({ n, x }, prior, thresholdOf(alpha)),
        ];
        expect(low).toBeLessThanOrEqual(x / n);
        expect(high).toBeGreaterThanOrEqual(x / n);
        const counts = { n: 4 * n, x: 4 * x };
        expect(upperBound(counts, prior, thresholdOf(alpha))).toBeLessThanOrEqual(high);
      }),
    );
  });

  it('are 0 and 1 without evidence', () => {
    const { prior } = whole;
    expect([lowerBound({ n: 0, x: 0 }, prior, 3), upperBound({ n: 0, x: 0 }, prior, 3)]).toEqual([0, 1]);
    expect(lowerBound({ n: 1_000_000, x: 0 }, prior, 3)).toBe(0);
    expect(upperBound({ n: 1_000_000, x: 1_000_000 }, prior, 3)).toBe(1);
  });

  it('have the lower one above a limit exactly if the evidence of harm there suffices', () => {
    const { prior } = whole;
    const threshold = Math.log(40);
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 300 }), fc.integer({ min: 1_000, max: 200_000 }), (x, n) => {
        const low = lowerBound({ n, x }, prior, threshold);
        expect(logEHarm({ n, x }, prior, low * 0.999)).toBeGreaterThan(threshold);
        expect(logEHarm({ n, x }, prior, low * 1.001)).toBeLessThan(threshold);
      }),
    );
  });
});
