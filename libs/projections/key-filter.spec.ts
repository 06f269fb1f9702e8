import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyFilter } from './key-filter.js';

it('may have every key that was added', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (keys) => {
      const filter = new KeyFilter();
      for (const key of keys) filter.add(key);
      expect(keys.filter((key) => !filter.mayHave(key))).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

it('rules out nearly all keys that were not added', () => {
  const filter = new KeyFilter();
  for (let n = 0; n < 400_000; n++) filter.add(`img-${n}`);
  const possible = Array.from({ length: 100_000 }, (_, n) => `img-${1_000_000 + n}`).filter((key) =>
    filter.mayHave(key),
  );
  expect(possible.length).toBeLessThan(200);
});
