import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RowCache } from './row-cache.js';

const LIMIT = 10;
const key = fc.integer({ min: 0, max: 40 }).map(String);

it('keeps what was set since the last trim and the newest rows, and is bounded', () => {
  const action = fc.oneof({ weight: 9, arbitrary: key }, { weight: 1, arbitrary: fc.constant(undefined) });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const cache = new RowCache(LIMIT);
      const set = new Map<string, { n: number }>();
      let sinceTrim = new Set<string>();
      for (const [n, one] of actions.entries()) {
        if (one === undefined) {
          cache.trim();
          sinceTrim = new Set();
          continue;
        }
        cache.set(one, { n });
        set.delete(one);
        set.set(one, { n });
        sinceTrim.add(one);
        const newest = [...set.keys()].slice(-LIMIT / 2);
        for (const kept of [...sinceTrim, ...newest]) expect(cache.get(kept)).toEqual(set.get(kept));
        for (const [known, row] of set) expect([undefined, row]).toContainEqual(cache.get(known));
      }
    }),
  );
});
