import { hash } from 'node:crypto';

/*
 * RFC 6962, section 2.1: the Merkle tree of a log, and its proofs. Sizes and indexes are safe integers, so nothing here
 * shifts bits.
 */

export const HASH_BYTES = 32;
/** No proof in a tree of safe size has more hashes: 53 levels, and one for the smaller of two trees. */
export const MAX_PROOF_HASHES = 54;

/** What is hashed for a leaf and a node, filled anew each time. */
const LEAF = Buffer.alloc(1 + HASH_BYTES, 0);
const NODE = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** Through a string: a Buffer that OpenSSL fills has memory of its own, which is collected one by one. */
export function sha256(input: string | Uint8Array): Buffer {
  const digest = Buffer.allocUnsafe(HASH_BYTES);
  digest.write(hash('sha256', input, 'binary'), 'binary');
  return digest;
}

/** The root of a tree without leaves. */
export const EMPTY_ROOT: Buffer = sha256('');

export function leafHash(entry: Uint8Array): Buffer {
  if (entry.length !== HASH_BYTES) return sha256(Buffer.concat([Buffer.of(0), entry]));
  LEAF.set(entry, 1);
  return sha256(LEAF);
}

/** @throws RangeError for hashes of another length */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES)
    throw new RangeError(`a hash has ${HASH_BYTES} bytes, not ${left.length} and ${right.length}`);
  NODE.set(left, 1);
  NODE.set(right, 1 + HASH_BYTES);
  return sha256(NODE);
}

/** Writes the hash of the node over the two hashes at `from` to `to`. */
export function hashPair(hashes: Buffer, from: number, to: number): void {
  hashes.copy(NODE, 1, from, from + 2 * HASH_BYTES);
  hashes.write(hash('sha256', NODE, 'binary'), to, 'binary');
}

/** Leaves from `start` up to, not including, `end`. */
export interface LeafRange {
  start: number;
  end: number;
}

/** A complete subtree: 2^level leaves from index * 2^level on. */
export interface Subtree {
  level: number;
  index: number;
}

/** The hash of a complete subtree of the log. */
export type ReadSubtree = (subtree: Subtree) => Uint8Array | Promise<Uint8Array>;

/** The largest power of two below a number above 1. */
function splitOf(leaves: number): number {
  let split = 1;
  while (split * 2 < leaves) split *= 2;
  return split;
}

/** The complete subtrees that a range consists of, from left to right. The range is one that proofs name. */
export function subtreesOf({ start, end }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  let [from, leaves] = [start, end - start];
  while (leaves > 0) {
    let [width, level] = [1, 0];
    while (width * 2 <= leaves) {
      width *= 2;
      level++;
    }
    subtrees.push({ level, index: from / width });
    from += width;
    leaves -= width;
  }
  return subtrees;
}

/** The hash over complete subtrees that lie beside one another, each smaller than the one before. */
export function joined(hashes: readonly Uint8Array[]): Buffer {
  if (hashes.length === 0) return EMPTY_ROOT;
  let right = hashes.at(-1)!;
  for (let n = hashes.length - 2; n >= 0; n--) right = nodeHash(hashes[n]!, right);
  return Buffer.from(right);
}

async function rangeHash(range: LeafRange, read: ReadSubtree): Promise<Buffer> {
  return joined(await Promise.all(subtreesOf(range).map((subtree) => read(subtree))));
}

/** @returns the root of the tree of the first `size` leaves */
export const treeRoot = (size: number, read: ReadSubtree): Promise<Buffer> => rangeHash({ start: 0, end: size }, read);

/** PATH(m, D[n]): what a proof of inclusion hashes, the sibling of the leaf first. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const split = start + splitOf(end - start);
    if (index < split) {
      ranges.push({ start: split, end });
      end = split;
    } else {
      ranges.push({ start, end: split });
      start = split;
    }
  }
  return ranges.reverse();
}

/** PROOF(m, D[n]): what a proof of consistency hashes. None if the older tree is empty or the same. */
export function consistencyRanges(older: number, size: number): LeafRange[] {
  if (older === 0 || older === size) return [];
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  let isWhole = true;
  while (older !== end) {
    const split = start + splitOf(end - start);
    if (older <= split) {
      ranges.push({ start: split, end });
      end = split;
    } else {
      ranges.push({ start, end: split });
      start = split;
      isWhole = false;
    }
  }
  // The older root itself, which its holder knows, is in no proof.
  if (!isWhole) ranges.push({ start, end });
  return ranges.reverse();
}

const proofOf = (ranges: readonly LeafRange[], read: ReadSubtree): Promise<Buffer[]> =>
  Promise.all(ranges.map((range) => rangeHash(range, read)));

export const proveInclusion = (index: number, size: number, read: ReadSubtree): Promise<Buffer[]> =>
  proofOf(inclusionRanges(index, size), read);

export const proveConsistency = (older: number, size: number, read: ReadSubtree): Promise<Buffer[]> =>
  proofOf(consistencyRanges(older, size), read);

export interface Inclusion {
  index: number;
  size: number;
  leaf: Uint8Array;
  root: Uint8Array;
  proof: readonly Uint8Array[];
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isHash = (bytes: Uint8Array): boolean => bytes.length === HASH_BYTES;
const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

/** RFC 9162, section 2.1.3.2. @param leaf the leaf hash */
export function isIncluded({ index, size, leaf, root, proof }: Inclusion): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (proof.length > MAX_PROOF_HASHES || ![leaf, root, ...proof].every(isHash)) return false;
  let [at, last] = [index, size - 1];
  let found = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      found = nodeHash(sibling, found);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      found = nodeHash(found, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && isSame(found, root);
}

export interface Consistency {
  older: number;
  size: number;
  olderRoot: Uint8Array;
  root: Uint8Array;
  proof: readonly Uint8Array[];
}

/** RFC 9162, section 2.1.4.2: whether the newer tree starts with the older one. An empty tree starts every other. */
export function isConsistent({ older, size, olderRoot, root, proof }: Consistency): boolean {
  if (!isCount(older) || !isCount(size) || older > size) return false;
  if (proof.length > MAX_PROOF_HASHES || ![olderRoot, root, ...proof].every(isHash)) return false;
  if (older === size) return proof.length === 0 && isSame(olderRoot, root);
  if (older === 0) return proof.length === 0 && isSame(olderRoot, EMPTY_ROOT);
  let [at, last] = [older - 1, size - 1];
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  // The older tree is complete, so its root begins the proof.
  const [first, ...rest] = at === 0 ? [olderRoot, ...proof] : proof;
  if (!first) return false;
  let [foundOlder, found] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      foundOlder = nodeHash(sibling, foundOlder);
      found = nodeHash(sibling, found);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      found = nodeHash(found, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && isSame(foundOlder, olderRoot) && isSame(found, root);
}
