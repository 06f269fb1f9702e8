import { arrayParameter } from '../../platform/database/array-parameters.js';
import type { Pool } from '../../platform/database/database.js';
import { HASH_BYTES } from '../tlog/merkle-tree.js';
import { TILE_WIDTH } from '../tlog/tiles.js';
import { edgeNumber, edgeWidth, type GrownTree, type Leaf, TreeEdge } from '../tlog/tree-edge.js';

type Queryable = Pick<Pool, 'query'>;

const POSITION_BYTES = 8;
const HALF = 2 ** 32;

/** How far the log of leaves is. */
export interface TreeState {
  size: number;
  /** Of the last leaf's event, or the position up to which there was no further one. */
  position: number;
  /** Of the log that the leaves are of. */
  epoch: string;
}

/** @param lock `FOR UPDATE` keeps all other writers out until the transaction ends */
export async function treeState(db: Queryable, lock: '' | 'FOR UPDATE' = ''): Promise<TreeState> {
  const { rows } = await db.query(`SELECT size, position, epoch FROM proof.tree ${lock}`);
  const [{ size, position, epoch }] = rows;
  return { size: Number(size), position: Number(position), epoch };
}

export async function storeTreeState(db: Queryable, { size, position, epoch }: TreeState): Promise<void> {
  await db.query('UPDATE proof.tree SET size = $1, position = $2, epoch = $3', [size, position, epoch]);
}

/** Removes every leaf and tile; the checkpoints that were signed stay. */
export async function clearTree(db: Queryable): Promise<void> {
  await db.query('DELETE FROM proof.bundles');
  await db.query('DELETE FROM proof.tiles');
}

/**
 * The edge that the tree had when it had this size.
 * @throws RangeError if the stored tiles are not those of a tree of that size
 */
export async function loadEdge(db: Queryable, size: number): Promise<TreeEdge> {
  const width = edgeWidth(size, 0);
  const bundle = width === 0 ? [] : (await readBundle(db, edgeNumber(size, 0))).slice(0, width);
  const tiles: Buffer[] = [];
  for (let level = 1; size >= TILE_WIDTH ** level; level++) {
    const bytes = edgeWidth(size, level) * HASH_BYTES;
    const tile = bytes === 0 ? undefined : await readTile(db, level, edgeNumber(size, level));
    tiles.push(tile?.subarray(0, bytes) ?? Buffer.alloc(0));
  }
  return new TreeEdge(size, bundle, tiles);
}

/** The leaves of a bundle; none if there is no such bundle. */
export async function readBundle(db: Queryable, number: number): Promise<Leaf[]> {
  const { rows } = await db.query('SELECT entries, positions FROM proof.bundles WHERE number = $1', [number]);
  return rows[0] ? leavesOf(rows[0]) : [];
}

const leavesOf = ({ entries, positions }: { entries: Buffer; positions: Buffer }): Leaf[] =>
  Array.from({ length: entries.length / HASH_BYTES }, (_, n) => ({
    entry: entries.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES),
    position: Number(positions.readBigUInt64BE(n * POSITION_BYTES)),
  }));

/** The leaves of the tree from one on; fewer than asked for if the stored bundles end or one is missing. */
export async function readLeavesFrom(db: Queryable, first: number, count: number): Promise<Leaf[]> {
  const { rows } = await db.query(
    'SELECT number, entries, positions FROM proof.bundles WHERE number BETWEEN $1 AND $2 ORDER BY number',
    [edgeNumber(first, 0), edgeNumber(first + count - 1, 0)],
  );
  const leaves: Leaf[] = [];
  for (const [n, row] of rows.entries()) {
    if (Number(row.number) !== edgeNumber(first, 0) + n || leaves.length < n * TILE_WIDTH) break;
    leaves.push(...leavesOf(row));
  }
  const skipped = edgeWidth(first, 0);
  return leaves.slice(skipped, skipped + count);
}

/** The hashes of a tile of a level from 1 on; undefined if there is no such tile. */
export async function readTile(db: Queryable, level: number, number: number): Promise<Buffer | undefined> {
  const { rows } = await db.query('SELECT hashes FROM proof.tiles WHERE level = $1 AND number = $2', [level, number]);
  return rows[0]?.hashes;
}

function positionBytes(leaves: readonly Leaf[]): Buffer {
  const bytes = Buffer.allocUnsafe(leaves.length * POSITION_BYTES);
  // In two halves: a BigInt is an object of its own.
  for (const [n, { position }] of leaves.entries()) {
    bytes.writeUInt32BE(Math.floor(position / HALF), n * POSITION_BYTES);
    bytes.writeUInt32BE(position % HALF, n * POSITION_BYTES + POSITION_BYTES / 2);
  }
  return bytes;
}

/** A row only ever gets longer: what it holds stays what it was. */
const STORE_BUNDLES = {
  name: 'gatehouse_store_bundles',
  text: `INSERT INTO proof.bundles AS b (number, entries, positions)
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])
         ON CONFLICT (number) DO UPDATE SET entries = excluded.entries, positions = excluded.positions
         WHERE b.entries = substr(excluded.entries, 1, length(b.entries))`,
};
const STORE_TILES = {
  name: 'gatehouse_store_tiles',
  text: `INSERT INTO proof.tiles AS t (level, number, hashes)
         SELECT * FROM unnest($1::int[], $2::bigint[], $3::bytea[])
         ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
         WHERE t.hashes = substr(excluded.hashes, 1, length(t.hashes))`,
};

/** @throws Error if a row holds something else already */
export async function storeGrown(db: Queryable, { bundles, tiles }: GrownTree): Promise<void> {
  const { rowCount: stored } = await db.query({
    ...STORE_BUNDLES,
    values: [
      arrayParameter(
        'int8',
        bundles.map(({ number }) => number),
      ),
      arrayParameter(
        'bytea',
        bundles.map(({ leaves }) => Buffer.concat(leaves.map(({ entry }) => entry))),
      ),
      arrayParameter(
        'bytea',
        bundles.map(({ leaves }) => positionBytes(leaves)),
      ),
    ],
  });
  const { rowCount: tiled } = await db.query({
    ...STORE_TILES,
    values: [
      arrayParameter(
        'int4',
        tiles.map(({ level }) => level),
      ),
      arrayParameter(
        'int8',
        tiles.map(({ number }) => number),
      ),
      arrayParameter(
        'bytea',
        tiles.map(({ hashes }) => hashes),
      ),
    ],
  });
  if (stored !== bundles.length || tiled !== tiles.length)
    throw new Error(
      'the tiles of the log of leaves were changed: nothing is signed until they are restored from a backup',
    );
}
