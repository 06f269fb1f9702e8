import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GrowingSet } from './growing-set.js';

const value = fc.constantFrom('a', 'b', 'c', 'd', 'e');

describe('a growing set', () => {
  it('equals an independent set at every version, whichever versions were extended before', () => {
    const step = fc.record({ from: fc.nat(), add: fc.array(value, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const versions = [{ grown: GrowingSet.empty, expected: [] as string[] }];
        for (const { from, add } of steps) {
          const { grown, expected } = versions[from % versions.length]!;
          versions.push({ grown: grown.with(add), expected: [...new Set([...expected, ...add])] });
        }
        for (const { grown, expected } of versions) {
          expect([...grown]).toEqual(expected);
          expect(grown.size).toBe(expected.length);
          for (const one of ['a', 'b', 'c', 'd', 'e']) expect(grown.has(one)).toBe(expected.includes(one));
        }
      }),
    );
  });

  it('returns the same set if nothing is added', () => {
    const set = GrowingSet.of(['a', 'b']);
    expect(set.with(['b', 'a'])).toBe(set);
  });
});
