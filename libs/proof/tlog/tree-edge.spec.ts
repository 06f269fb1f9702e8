import { hash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { leafHash, type Subtree, treeRoot } from './merkle-tree.js';
import { hashOver, sliceOf, TILE_WIDTH } from './tiles.js';
import { type Leaf, TreeEdge } from './tree-edge.js';

const leafOf = (n: number): Leaf => ({ entry: hash('sha256', String(n), 'buffer'), position: n + 1 });

/** The tables that a tree is stored in. */
class Tables {
  readonly bundles = new Map<number, readonly Leaf[]>();
  readonly tiles = new Map<string, Buffer>();

  store(edge: TreeEdge): void {
    const { bundles, tiles } = edge.takeGrown();
    for (const { number, leaves } of bundles) this.bundles.set(number, leaves);
    for (const { level, number, hashes } of tiles) this.tiles.set(`${level}/${number}`, hashes);
  }

  row(level: number, number: number): Buffer {
    if (level > 0) return this.tiles.get(`${level}/${number}`) ?? Buffer.alloc(0);
    return Buffer.concat((this.bundles.get(number) ?? []).map(({ entry }) => leafHash(entry)));
  }

  /** Hashes as a client that has the tiles computes them. */
  readonly read = async ({ level, index }: Subtree): Promise<Buffer> => {
    const { level: tile, number, offset, count } = sliceOf({ level, index });
    const hashes = this.row(tile, number).subarray(offset * 32, (offset + count) * 32);
    expect(hashes).toHaveLength(count * 32);
    return hashOver(hashes);
  };

  edge(size: number): TreeEdge {
    const tiles: Buffer[] = [];
    for (let level = 1; size >= TILE_WIDTH ** level; level++) {
      const width = Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH;
      tiles.push(width === 0 ? Buffer.alloc(0) : this.row(level, Math.floor(size / TILE_WIDTH ** (level + 1))));
    }
    const bundle = size % TILE_WIDTH === 0 ? [] : this.bundles.get(Math.floor(size / TILE_WIDTH))!;
    return new TreeEdge(size, bundle, tiles);
  }
}

it('grows to the root and the tiles of RFC 6962, in parts of any size and after any restart', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 5 }), async (parts) => {
      const tables = new Tables();
      let edge = new TreeEdge(0, [], []);
      let size = 0;
      for (const [n, part] of parts.entries()) {
        for (let i = 0; i < part; i++) edge.append(leafOf(size++));
        tables.store(edge);
        expect(edge.root()).toEqual(await treeRoot(size, tables.read));
        if (n % 2 === 0) edge = tables.edge(size);
        expect(edge.size).toBe(size);
      }
      const all = Array.from({ length: size }, (_, n) => leafHash(leafOf(n).entry));
      const whole = await treeRoot(size, ({ level, index }) => {
        let row = all.slice(index * 2 ** level, (index + 1) * 2 ** level);
        while (row.length > 1)
          row = Array.from({ length: row.length / 2 }, (_, n) =>
            hash('sha256', Buffer.concat([Buffer.of(1), row[2 * n]!, row[2 * n + 1]!]), 'buffer'),
          );
        return row[0]!;
      });
      expect(edge.root()).toEqual(whole);
    }),
    { numRuns: 25 },
  );
});

it('fills tiles of the second level', async () => {
  const tables = new Tables();
  const edge = new TreeEdge(0, [], []);
  const size = TILE_WIDTH * TILE_WIDTH + 300;
  for (let n = 0; n < size; n++) edge.append(leafOf(n));
  tables.store(edge);
  expect(tables.row(1, 0)).toHaveLength(8192);
  expect(tables.row(2, 0)).toHaveLength(32);
  expect(edge.root()).toEqual(await treeRoot(size, tables.read));
  expect(tables.edge(size).root()).toEqual(edge.root());
});

it('refuses tiles of another size', () => {
  expect(() => new TreeEdge(1, [], [])).toThrow(RangeError);
  expect(() => new TreeEdge(0, [leafOf(0)], [])).toThrow(RangeError);
  expect(() => new TreeEdge(256, [], [])).toThrow(RangeError);
  expect(() => new TreeEdge(256, [], [Buffer.alloc(64)])).toThrow(RangeError);
});
