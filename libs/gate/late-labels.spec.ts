import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { testOfLateShare } from './late-labels.js';

const assumed = { lateShare: 0.05, alpha: 0.05 };
const isExceeded = (violations: number, late: number, of = assumed) =>
  testOfLateShare({ violations, late }, of).isExceeded;

const counts = fc
  .record({ violations: fc.nat(2_000), part: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ violations, part }) => ({ violations, late: Math.floor(violations * part ** 3) }));
const of = fc.record({
  lateShare: fc.integer({ min: 0, max: 990 }).map((n) => n / 1_000),
  alpha: fc.constantFrom(0.01, 0.05, 0.3),
});

describe('the test of the share of late labels', () => {
  it('needs more than the share that is assumed, and the more the fewer violations there are', () => {
    expect(isExceeded(0, 0)).toBe(false);
    expect([isExceeded(20, 5), isExceeded(20, 6)]).toEqual([false, true]);
    expect([isExceeded(100, 12), isExceeded(100, 13)]).toEqual([false, true]);
    expect([isExceeded(3, 3), isExceeded(4, 4), isExceeded(1_000, 71), isExceeded(1_000, 72)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect([isExceeded(10_000, 500), isExceeded(10_000, 600)]).toEqual([false, true]);
  });

  it('is exceeded by any late label if none is assumed to be late', () => {
    const none = { lateShare: 0, alpha: 0.05 };
    expect([isExceeded(1_000, 0, none), isExceeded(1_000, 1, none)]).toEqual([false, true]);
    expect(testOfLateShare({ violations: 1_000, late: 1 }, none).leastShare).toBeGreaterThan(0);
  });

  it('names the least share that ends it, and none if only a longer delay does', () => {
    fc.assert(
      fc.property(counts, of, (counts, of) => {
        const { isExceeded, leastShare } = testOfLateShare(counts, of);
        if (leastShare === null) {
          if (isExceeded) expect(testOfLateShare(counts, { ...of, lateShare: 0.99 }).isExceeded).toBe(true);
          return;
        }
        expect(isExceeded).toBe(true);
        expect(leastShare).toBeGreaterThan(of.lateShare);
        expect(testOfLateShare(counts, { ...of, lateShare: leastShare }).isExceeded).toBe(false);
        const less = Math.max(of.lateShare, leastShare - 0.0001);
        expect(testOfLateShare(counts, { ...of, lateShare: less }).isExceeded).toBe(true);
      }),
      { seed: 5 },
    );
    expect(testOfLateShare({ violations: 3_000, late: 3_000 }, assumed)).toMatchObject({
      isExceeded: true,
      leastShare: null,
    });
  });

  it('is not exceeded by labels that nobody has waited for yet, nor by violations that were known in time', () => {
    fc.assert(
      fc.property(counts, of, fc.nat(50), ({ violations, late }, of, more) => {
        const { isExceeded } = testOfLateShare({ violations, late }, of);
        if (isExceeded) {
          expect(testOfLateShare({ violations: violations + more, late: late + more }, of).isExceeded).toBe(true);
        } else expect(testOfLateShare({ violations: violations + more, late }, of).isExceeded).toBe(false);
      }),
      { seed: 6 },
    );
  });
});
