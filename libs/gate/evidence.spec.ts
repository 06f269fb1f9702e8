import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { itWithReference } from '../../test/support/gate-reference.js';
import { untruncatedInterval } from './bounds.js';
import { logEHarm, logESafe, priorNearLimit, priorOfLimit } from './evidence.js';

const DIGITS = 1e-9;

/** By a second program, with 140 digits and another series: n, x, a, b, limit, and what was computed. */
const VECTORS = [
  [0, 0, 1, 2000, 0.0005, 0, 0],
  [8377, 0, 1, 2000, 0.0005, 2.9960437447897, -1.6464446380632],
  [40000, 12, 1, 2000, 0.0005, 0.84298144674129, -2.2986219140328],
  [2000000, 900, 2, 4000, 0.0005, 2.5903417751194, -4.4004214047399],
  [100000000, 1000, 1, 1000000, 1e-6, -7.3438449219669, 1393.3965470915],
  [5000000, 2600, 1, 2000, 0.0005, -5.3171775662345, -1.0626555774271],
  [1, 1, 1, 2, 0.3, -0.75377180237638, 0.57536414490356],
  [400, 400, 1, 1, 0.999, -5.9939614273066, 0.20679779968604],
  [30, 0, 0.001, 3, 0.9, 69.074994837712, -2.3742033627938],
  [1000000000, 40, 1, 1e12, 1e-12, -4.2307888109471, 111.28066020188],
  [1000000000, 1000, 1, 1000000, 1e-6, -3.7614567698617, -3.2369441179612],
  [200, 7, 5, 60, 0.05, 0.30788133282824, -1.7023389439171],
] as const;

/** Within so much of the expected value, or of 1 if that is larger. */
function expectClose(found: number, expected: number, within = DIGITS): void {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(within * Math.max(1, Math.abs(expected)));
}

const counts = (maxExposures: number) =>
  fc
    .integer({ min: 0, max: maxExposures })
    .chain((n) => fc.record({ n: fc.constant(n), x: fc.integer({ min: 0, max: n }) }));
/** From 1e-9 to almost 1. */
const limit = fc.double({ min: -20, max: 6, noNaN: true }).map((logit) => 1 / (1 + Math.exp(-logit)));
const prior = fc.record({
  a: fc.double({ min: 0.1, max: 50, noNaN: true }),
  b: fc.double({ min: 0.1, max: 1e6, noNaN: true }),
});

describe('the evidence of the gate', () => {
  it.each(VECTORS)(
    'for n %d, x %d, prior Beta(%d, %d) and limit %d is what other programs compute',
    (n, x, a, b, p, safe, harm) => {
      expectClose(logESafe({ n, x }, { a, b }, p), safe);
      expectClose(logEHarm({ n, x }, { a, b }, p), harm);
    },
  );

  itWithReference('agrees with every reference value to nine digits', (cases) => {
    expect(cases.length).toBeGreaterThan(100);
    for (const { n, x, a, b, p0, ...expected } of cases) {
      expectClose(logESafe({ n, x }, { a, b }, p0), Number(expected.logESafe));
      expectClose(logEHarm({ n, x }, { a, b }, p0), Number(expected.logEHarm));
      const found = untruncatedInterval({ n, x }, { a, b }, Math.log(20));
      for (const [end, reference] of [
        [found.low, expected.csLower],
        [found.high, expected.csUpper],
        [found.oneMinusHigh, expected.oneMinusCsUpper],
      ] as const)
        expect(Math.abs(end - Number(reference))).toBeLessThanOrEqual(DIGITS * Number(reference));
    }
  });

  it('has a closed form without any violation and with a flat prior', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (n, p) => {
        const q = 1 - p;
        const integral = -Math.expm1((n + 1) * Math.log1p(-p)) / (n + 1);
        expectClose(logESafe({ n, x: 0 }, { a: 1, b: 1 }, p), Math.log(integral / p) - n * Math.log(q), 1e-11);
        expectClose(logEHarm({ n, x: 0 }, { a: 1, b: 1 }, p), -Math.log(n + 1), 1e-11);
        expectClose(
          logEHarm({ n, x: n }, { a: 1, b: 1 }, q),
          Math.log(-Math.expm1((n + 1) * Math.log(q)) / (n + 1) / p) - n * Math.log(q),
          1e-11,
        );
      }),
    );
  });

  it('grows with a clean exposure and shrinks with a violation, and evidence of harm the other way round', () => {
    fc.assert(
      fc.property(counts(1_000_000), prior, limit, ({ n, x }, { a, b }, p) => {
        const [safe, harm] = [logESafe({ n, x }, { a, b }, p), logEHarm({ n, x }, { a, b }, p)];
        const slack = (value: number) => 1e-10 * Math.max(1, Math.abs(value));
        expect(logESafe({ n: n + 1, x }, { a, b }, p)).toBeGreaterThan(safe - slack(safe));
        expect(logESafe({ n: n + 1, x: x + 1 }, { a, b }, p)).toBeLessThan(safe + slack(safe));
        expect(logEHarm({ n: n + 1, x }, { a, b }, p)).toBeLessThan(harm + slack(harm));
        expect(logEHarm({ n: n + 1, x: x + 1 }, { a, b }, p)).toBeGreaterThan(harm - slack(harm));
      }),
    );
  });

  it('of safety is that of harm with violations and clean exposures exchanged', () => {
    // A limit that is a fraction of a power of 2, so that its complement is exact.
    const exact = fc.integer({ min: 1, max: 2 ** 20 - 1 }).map((part) => part / 2 ** 20);
    fc.assert(
      fc.property(counts(1_000_000), prior, exact, ({ n, x }, { a, b }, p) => {
        const safe = logESafe({ n, x }, { a, b }, p);
        expectClose(logEHarm({ n, x: n - x }, { a: b, b: a }, 1 - p), safe, 1e-10);
      }),
    );
  });

  it('is 1 in the mean at the limit after one exposure, and below 1 for a rate above it', () => {
    fc.assert(
      fc.property(prior, limit, fc.double({ min: 0, max: 1, noNaN: true }), ({ a, b }, p, way) => {
        const mean = (rate: number) =>
          rate * Math.exp(logESafe({ n: 1, x: 1 }, { a, b }, p)) +
          (1 - rate) * Math.exp(logESafe({ n: 1, x: 0 }, { a, b }, p));
        expect(Math.abs(mean(p) - 1)).toBeLessThan(1e-9 * (1 + Math.exp(logESafe({ n: 1, x: 0 }, { a, b }, p))));
        expect(mean(p + way * (1 - p))).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });

  it('is finite and of the right sign for extreme numbers', () => {
    const huge = 1_000_000_000;
    for (const p of [1e-9, 1e-6, 0.0005, 0.5, 0.999999]) {
      for (const x of [0, 1, Math.round(huge * p), huge - 1, huge]) {
        for (const prior of [{ a: 1, b: 1 }, priorOfLimit(p), priorNearLimit(p)]) {
          const safe = logESafe({ n: huge, x }, prior, p);
          const harm = logEHarm({ n: huge, x }, prior, p);
          expect([Number.isFinite(safe), Number.isFinite(harm)]).toEqual([true, true]);
          if (x > 2 * p * huge + 100) expect([safe < 0, harm > 0]).toEqual([true, true]);
          if (x < 0.5 * p * huge - 100) expect([safe > 0, harm < 0]).toEqual([true, true]);
        }
      }
    }
  });

  it('is none at all without exposures', () => {
    expect(logESafe({ n: 0, x: 0 }, priorOfLimit(0.0005), 0.0005)).toBe(0);
    expect(logEHarm({ n: 0, x: 0 }, priorOfLimit(0.0005), 0.0005)).toBe(0);
  });
});
