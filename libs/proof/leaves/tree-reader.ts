import type { Pool } from '../../platform/database/database.js';
import { HASH_BYTES, leafHash, type ReadSubtree, type Subtree } from '../tlog/merkle-tree.js';
import { hashOver, sliceOf, TILE_WIDTH } from '../tlog/tiles.js';
import type { Leaf } from '../tlog/tree-edge.js';
import { readBundle, readTile } from './stored-tree.js';

type Queryable = Pick<Pool, 'query'>;

/** A proof in the largest tree reads some dozens. */
const KEPT_TILES = 500;

/** Reads the stored leaves and subtrees, each tile once. Give it a snapshot: a new epoch replaces the tree. */
export class TreeReader {
  private readonly bundles = new Map<number, Promise<Leaf[]>>();
  private readonly tiles = new Map<string, Promise<Buffer | undefined>>();

  constructor(private readonly db: Queryable) {}

  /** @throws Error if a tile is missing */
  readonly subtree: ReadSubtree = async (subtree: Subtree) => {
    const { level, number, offset, count } = sliceOf(subtree);
    const tile = await kept(this.tiles, `${level}/${number}`, () => this.tile(level, number));
    const hashes = tile?.subarray(offset * HASH_BYTES, (offset + count) * HASH_BYTES);
    if (hashes?.length !== count * HASH_BYTES)
      throw new Error(`tile ${number} of level ${level} is missing or too short: run "gatehouse audit verify --full"`);
    return hashOver(hashes);
  };

  async leaf(index: number): Promise<Leaf | undefined> {
    return (await this.bundle(Math.floor(index / TILE_WIDTH)))[index % TILE_WIDTH];
  }

  /**
   * The number of the leaf of the event at a position; undefined if there is none yet.
   * @param size how many leaves there are
   */
  async indexOf(position: number, size: number): Promise<number | undefined> {
    // Positions are dense on PostgreSQL, so the first guess is right there.
    let [low, high] = [0, size - 1];
    let at = Math.min(position - 1, high);
    while (low <= high) {
      const found = (await this.leaf(at))?.position;
      if (found === position) return at;
      if (found === undefined || found > position) high = at - 1;
      else low = at + 1;
      at = Math.floor((low + high) / 2);
    }
    return undefined;
  }

  private bundle(number: number): Promise<Leaf[]> {
    return kept(this.bundles, number, () => readBundle(this.db, number));
  }

  private async tile(level: number, number: number): Promise<Buffer | undefined> {
    if (level > 0) return readTile(this.db, level, number);
    return Buffer.concat((await this.bundle(number)).map(({ entry }) => leafHash(entry)));
  }
}

function kept<Key, Value>(values: Map<Key, Promise<Value>>, key: Key, read: () => Promise<Value>): Promise<Value> {
  const known = values.get(key);
  if (known !== undefined) return known;
  if (values.size >= KEPT_TILES) values.delete(values.keys().next().value as Key);
  const value = read();
  values.set(key, value);
  return value;
}
