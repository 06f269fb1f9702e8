import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPoor, precisionBound, precisionLimit } from './flagger-record.js';

describe('the precision that a flagger has at least', () => {
  it('is nothing without a confirmed flag', () => {
    expect(precisionBound({ decided: 0, confirmed: 0 })).toBe(0);
    expect(precisionBound({ decided: 50, confirmed: 0 })).toBe(0);
  });

  it('solves the equation of Wilson’s interval', () => {
    // The bound p is where the observed share is z standard errors above it.
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (decided, share) => {
        const confirmed = Math.round(share * decided);
        fc.pre(confirmed > 0);
        const p = precisionBound({ decided, confirmed });
        expect(confirmed / decided - p).toBeCloseTo(1.6448536269514722 * Math.sqrt((p * (1 - p)) / decided), 9);
      }),
      { numRuns: 300, seed: 20220518 },
    );
  });

  it('grows with the record, and stays below the share itself', () => {
    expect(precisionBound({ decided: 1, confirmed: 1 })).toBeCloseTo(0.27, 2);
    expect(precisionBound({ decided: 100, confirmed: 100 })).toBeGreaterThan(0.97);
    expect(precisionBound({ decided: 10, confirmed: 5 })).toBeLessThan(0.5);
  });
});

describe('the precision that a flagger has at most', () => {
  it('is anything without a decided flag', () => {
    expect(precisionLimit({ decided: 0, confirmed: 0 })).toBe(1);
    expect(isPoor({ decided: 0, confirmed: 0 }, 100)).toBe(false);
  });

  it('mirrors the least precision of the opposite record', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (decided, share) => {
        const confirmed = Math.round(share * decided);
        const opposite = precisionBound({ decided, confirmed: decided - confirmed });
        expect(precisionLimit({ decided, confirmed })).toBeCloseTo(1 - opposite, 9);
      }),
      { numRuns: 300, seed: 20220518 },
    );
  });

  it('makes a record poor only after many flags, and never without a limit', () => {
    expect(isPoor({ decided: 10, confirmed: 0 }, 10)).toBe(false);
    expect(isPoor({ decided: 25, confirmed: 0 }, 10)).toBe(true);
    expect(isPoor({ decided: 1_000, confirmed: 150 }, 10)).toBe(false);
    expect(isPoor({ decided: 1_000, confirmed: 0 }, 0)).toBe(false);
  });
});
