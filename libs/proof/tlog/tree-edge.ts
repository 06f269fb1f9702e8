import { HASH_BYTES, joined, leafHash } from './merkle-tree.js';
import { hashOver, TILE_WIDTH } from './tiles.js';

export interface Leaf {
  /** 32 bytes. */
  entry: Buffer;
  /** Of its event. */
  position: number;
}

/** The stored rows of 256 that have changed, each as it is now; the last of a level may have fewer. */
export interface GrownTree {
  bundles: { number: number; leaves: readonly Leaf[] }[];
  /** Of the levels from 1 on: those of level 0 are the hashes of the entries. */
  tiles: { level: number; number: number; hashes: Buffer }[];
}

/** How many hashes the last tile of a level has. */
export const edgeWidth = (size: number, level: number): number => Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH;

/** The number of the last tile of a level, which is incomplete. */
export const edgeNumber = (size: number, level: number): number => Math.floor(size / TILE_WIDTH ** (level + 1));

/** The right edge of a tree that grows: the incomplete tile of each level, which is all that growing needs. */
export class TreeEdge {
  private bundle: Leaf[];
  private readonly rows: Buffer[][];
  private grown: GrownTree = { bundles: [], tiles: [] };
  private readonly changed = new Set<number>();

  /**
   * @param bundle the leaves of the incomplete bundle
   * @param tiles the hashes of the incomplete tile of each level from 1 on
   * @throws RangeError if they don't belong to a tree of that size
   */
  constructor(
    private count: number,
    bundle: readonly Leaf[],
    tiles: readonly Buffer[],
  ) {
    this.bundle = [...bundle];
    this.rows = [bundle.map(({ entry }) => leafHash(entry)), ...tiles.map(hashesOf)];
    const isWrong = this.rows.some((row, level) => row.length !== edgeWidth(count, level));
    if (isWrong || count >= TILE_WIDTH ** this.rows.length)
      throw new RangeError(`the tiles are not those of a tree of ${count} leaves`);
  }

  get size(): number {
    return this.count;
  }

  append(leaf: Leaf): void {
    this.bundle.push(leaf);
    this.rows[0]!.push(leafHash(leaf.entry));
    this.count++;
    this.changed.add(0);
    if (this.rows[0]!.length === TILE_WIDTH) this.complete(0);
  }

  /** What has to be stored since the last call. */
  takeGrown(): GrownTree {
    const { bundles, tiles } = this.grown;
    for (const level of this.changed) {
      const row = this.rows[level]!;
      if (row.length === 0) continue;
      const number = edgeNumber(this.count, level);
      if (level === 0) bundles.push({ number, leaves: [...this.bundle] });
      else tiles.push({ level, number, hashes: Buffer.concat(row) });
    }
    this.changed.clear();
    this.grown = { bundles: [], tiles: [] };
    return { bundles, tiles };
  }

  root(): Buffer {
    const subtrees: Buffer[] = [];
    for (const row of [...this.rows].reverse()) {
      let at = 0;
      for (let width = TILE_WIDTH; width >= 1; width /= 2) {
        if (row.length - at < width) continue;
        subtrees.push(hashOver(Buffer.concat(row.slice(at, at + width))));
        at += width;
      }
    }
    return joined(subtrees);
  }

  private complete(level: number): void {
    const row = Buffer.concat(this.rows[level]!);
    const number = edgeNumber(this.count, level) - 1;
    if (level === 0) {
      this.grown.bundles.push({ number, leaves: this.bundle });
      this.bundle = [];
    } else {
      this.grown.tiles.push({ level, number, hashes: row });
    }
    this.rows[level] = [];
    const above = level + 1;
    this.rows[above] ??= [];
    this.rows[above].push(hashOver(row));
    this.changed.add(above);
    if (this.rows[above].length === TILE_WIDTH) this.complete(above);
  }
}

const hashesOf = (row: Buffer): Buffer[] =>
  Array.from({ length: row.length / HASH_BYTES }, (_, n) => row.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES));
