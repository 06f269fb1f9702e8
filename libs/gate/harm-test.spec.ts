import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { harmThreshold } from './alpha-spending.js';
import { lowerBound } from './bounds.js';
import { logEHarm, priorOfLimit } from './evidence.js';
import { lowestRate, testForHarm } from './harm-test.js';

it('says of a cohort what the formulas say, whatever was asked before', () => {
  const cohort = fc
    .record({ ordinal: fc.integer({ min: 1, max: 4 }), clean: fc.nat(3), confirmed: fc.nat(3) })
    .map(({ clean, ...one }) => ({ ...one, exposures: one.confirmed + clean }));
  const asked = fc.record({ cohort, limit: fc.constantFrom(0.00015, 0.2), alpha: fc.constantFrom(0.05, 0.5) });
  fc.assert(
    fc.property(asked, ({ cohort, limit, alpha }) => {
      const test = testForHarm(cohort, { limit, alpha });
      const counts = { n: cohort.exposures, x: cohort.confirmed };
      const threshold = Math.log(harmThreshold(alpha, cohort.ordinal));
      const logE = logEHarm(counts, priorOfLimit(limit), limit);
      expect(test).toEqual({ ...cohort, logE, threshold, isHarm: logE >= threshold });
      expect(lowestRate(test, { limit })).toBe(lowerBound(counts, priorOfLimit(limit), threshold));
    }),
    { numRuns: 1_000, seed: 9 },
  );
});
