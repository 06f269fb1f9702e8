import { HASH_BYTES, hashPair, type Subtree } from './merkle-tree.js';

/* C2SP tlog-tiles: the tree in rows of 256 hashes, and the entries in bundles of 256. */

export const TILE_WIDTH = 256;
const TILE_LEVELS = 8;
/** A tree of safe size has no more. */
const MAX_TILE_LEVEL = 6;

/** A tile of hashes, or a bundle of entries. */
export interface TilePlace {
  level: number | 'entries';
  number: number;
  /** Fewer than 256 for a partial one. */
  width: number;
}

const GROUP = 1_000;

/** Groups of three digits, all but the last with an x: `x001/x234/067`. */
function numberText(number: number): string {
  let text = String(number % GROUP).padStart(3, '0');
  for (let rest = Math.floor(number / GROUP); rest > 0; rest = Math.floor(rest / GROUP))
    text = `x${String(rest % GROUP).padStart(3, '0')}/${text}`;
  return text;
}

/** The path of a tile after `tile/`. */
export const tilePath = ({ level, number, width }: TilePlace): string =>
  `${level}/${numberText(number)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;

const PATH = /^(entries|[0-6])\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** The tile that a path after `tile/` names; undefined if it names none. Each tile has one path only. */
export function parseTilePath(path: string): TilePlace | undefined {
  const [, levelText, digits, widthText] = PATH.exec(path) ?? [];
  if (levelText === undefined || digits === undefined) return undefined;
  const place: TilePlace = {
    level: levelText === 'entries' ? 'entries' : Number(levelText),
    number: Number(digits.replaceAll(/[x/]/g, '')),
    width: widthText === undefined ? TILE_WIDTH : Number(widthText),
  };
  if (widthText !== undefined && place.width >= TILE_WIDTH) return undefined;
  return tilePath(place) === path ? place : undefined;
}

/** Where the tiles have the hash of a subtree: those of `count` hashes from `offset` on. */
export interface TileSlice {
  level: number;
  number: number;
  offset: number;
  count: number;
}

export function sliceOf({ level, index }: Subtree): TileSlice {
  const tileLevel = Math.min(Math.floor(level / TILE_LEVELS), MAX_TILE_LEVEL);
  const count = 2 ** (level - tileLevel * TILE_LEVELS);
  const first = index * count;
  return { level: tileLevel, number: Math.floor(first / TILE_WIDTH), offset: first % TILE_WIDTH, count };
}

/**
 * The hash over hashes of a tile, whose number is a power of two.
 * @throws RangeError for another number: the tile was cut
 */
export function hashOver(hashes: Uint8Array): Buffer {
  const count = hashes.length / HASH_BYTES;
  if (!Number.isInteger(Math.log2(count))) throw new RangeError(`${count} hashes of a tile are no complete subtree`);
  // Each node replaces what is left of it and was hashed before.
  const row = Buffer.from(hashes);
  for (let nodes = count / 2; nodes >= 1; nodes /= 2) {
    for (let n = 0; n < nodes; n++) hashPair(row, 2 * n * HASH_BYTES, n * HASH_BYTES);
  }
  return Buffer.from(row.subarray(0, HASH_BYTES));
}

const LENGTH_BYTES = 2;
const MAX_ENTRY_BYTES = 65_535;

/** Entries of 32 bytes as a bundle, each after its length. */
export function encodeBundle(entries: Uint8Array): Buffer {
  const count = entries.length / HASH_BYTES;
  const bundle = Buffer.allocUnsafe(count * (LENGTH_BYTES + HASH_BYTES));
  for (let n = 0; n < count; n++) {
    const at = bundle.writeUInt16BE(HASH_BYTES, n * (LENGTH_BYTES + HASH_BYTES));
    bundle.set(entries.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES), at);
  }
  return bundle;
}

/** The entries of a bundle; undefined if it is none: cut, or with more entries than fit. */
export function decodeBundle(bundle: Buffer): Buffer[] | undefined {
  if (bundle.length > TILE_WIDTH * (LENGTH_BYTES + MAX_ENTRY_BYTES)) return undefined;
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length; ) {
    if (entries.length === TILE_WIDTH || at + LENGTH_BYTES > bundle.length) return undefined;
    const end = at + LENGTH_BYTES + bundle.readUInt16BE(at);
    if (end > bundle.length) return undefined;
    entries.push(bundle.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return entries;
}
