import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { roundedPlace } from './place.js';

it('rounds a place up to two digits', () => {
  expect([0, 8, 9, 10, 98, 99, 100, 1233, 999_999].map(roundedPlace)).toEqual([
    10, 10, 10, 20, 100, 100, 110, 1300, 1_000_000,
  ]);
});

it('never gives a better place than the real one, nor one that is more than a tenth too high, beyond the first ten', () => {
  fc.assert(
    fc.property(fc.nat(2_000_000), (ahead) => {
      const place = roundedPlace(ahead);
      expect(place).toBeGreaterThanOrEqual(ahead + 1);
      expect(place).toBeLessThanOrEqual((ahead + 1) * 1.1 + 10);
      expect(roundedPlace(ahead + 1)).toBeGreaterThanOrEqual(place);
    }),
  );
});
