import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PuncturableTree } from './puncturable-tree.js';

const DEPTH = 4;
const PLACES = 4 ** DEPTH;
const seed = Buffer.alloc(32, 7);
const fresh = () => PuncturableTree.fromSeed(DEPTH, seed);
const keysOf = (tree: PuncturableTree) => Array.from({ length: PLACES }, (_, place) => tree.keyAt(place));
const original = keysOf(fresh());

const subtree = fc
  .integer({ min: 0, max: DEPTH })
  .chain((depth) => fc.record({ depth: fc.constant(depth), prefix: fc.nat(4 ** depth - 1) }));
const isIn = (place: number, { depth, prefix }: { depth: number; prefix: number }) =>
  Math.floor(place / 4 ** (DEPTH - depth)) === prefix;

describe('a tree of keys', () => {
  it('has another key at each leaf', () => {
    expect(new Set(original.map((key) => key!.toString('hex'))).size).toBe(PLACES);
  });

  it('loses the keys that are destroyed and keeps every other one, also over its stored form', () => {
    fc.assert(
      fc.property(fc.array(subtree, { maxLength: 12 }), (destroyed) => {
        const tree = fresh();
        for (const one of destroyed) tree.puncture(one);
        const expected = original.map((key, place) => (destroyed.some((one) => isIn(place, one)) ? undefined : key));
        expect(keysOf(tree)).toEqual(expected);
        expect(keysOf(PuncturableTree.fromBytes(DEPTH, tree.toBytes()))).toEqual(expected);
      }),
    );
  });

  it('stores nothing that leads to a destroyed key', () => {
    const tree = fresh();
    tree.puncture({ depth: DEPTH, prefix: 27 });
    expect(tree.toBytes()).toHaveLength(3 * DEPTH * 41);
    // Each stored seed as the root of a tree of every depth: none of its leaves has the destroyed key.
    for (let at = 0; at < tree.toBytes().length; at += 41) {
      const stored = tree.toBytes().subarray(at + 9, at + 41);
      for (let depth = 0; depth <= DEPTH; depth++) {
        const below = PuncturableTree.fromSeed(depth, stored);
        for (let place = 0; place < 4 ** depth; place++) expect(below.keyAt(place)).not.toEqual(original[27]);
      }
    }
  });

  it('says whether anything was destroyed', () => {
    const tree = fresh();
    expect(tree.puncture({ depth: 4, prefix: 5 })).toBe(true);
    expect(tree.puncture({ depth: 4, prefix: 5 })).toBe(false);
    expect(tree.puncture({ depth: 2, prefix: 0 })).toBe(true);
    expect(tree.puncture({ depth: 2, prefix: 0 })).toBe(false);
    expect(tree.puncture({ depth: 4, prefix: 3 })).toBe(false);
  });

  it('keeps places of 52 bits apart', () => {
    const tree = PuncturableTree.fromSeed(26, seed);
    const [gone, beside] = [4 ** 26 - 1, 4 ** 26 - 2];
    const key = tree.keyAt(beside);
    expect(tree.puncture({ depth: 26, prefix: gone })).toBe(true);
    expect([tree.keyAt(gone), tree.keyAt(beside)]).toEqual([undefined, key]);
  });
});
