import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  consistencyRanges,
  EMPTY_ROOT,
  inclusionRanges,
  isConsistent,
  isIncluded,
  leafHash,
  proveConsistency,
  proveInclusion,
  type ReadSubtree,
  treeRoot,
} from './merkle-tree.js';

/** The tests of Certificate Transparency's reference implementation. */
const VECTORS: readonly (readonly [leaf: string, root: string])[] = [
  ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  ['606162636465666768696a6b6c6d6e6f', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
];
const LEAVES = VECTORS.map(([leaf]) => Buffer.from(leaf, 'hex'));

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/* RFC 6962, section 2.1, as its text says it. */
const splitOf = (n: number) => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};
function naiveRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!);
  const k = splitOf(leaves.length);
  return sha256(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}
function naivePath(m: number, leaves: readonly Uint8Array[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = splitOf(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}
function naiveSubproof(m: number, leaves: readonly Uint8Array[], isWhole: boolean): Buffer[] {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)];
  const k = splitOf(leaves.length);
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), isWhole), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

const readerOf =
  (leaves: readonly Uint8Array[]): ReadSubtree =>
  ({ level, index }) => {
    const width = 2 ** level;
    const part = leaves.slice(index * width, (index + 1) * width);
    if (part.length !== width) throw new Error(`no subtree ${level} ${index}`);
    return naiveRoot(part);
  };

const anyLeaves = (max: number) =>
  fc.nat(max).map((n) => Array.from({ length: n }, (_, i) => Buffer.from(`leaf ${i}`)));
const anyTree = anyLeaves(70).filter((leaves) => leaves.length > 0);
const hex = (hashes: readonly Uint8Array[]) => hashes.map((one) => Buffer.from(one).toString('hex'));

describe('the Merkle tree', () => {
  it.each(VECTORS.map(([, root], n) => [n + 1, root] as const))(
    'of %d leaves has the root of RFC 6962',
    async (size, root) => {
      expect((await treeRoot(size, readerOf(LEAVES))).toString('hex')).toBe(root);
    },
  );

  it('without leaves has the hash of nothing as its root', async () => {
    expect(await treeRoot(0, readerOf([]))).toEqual(EMPTY_ROOT);
    expect(EMPTY_ROOT.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('proves what the reference implementation proves', async () => {
    const read = readerOf(LEAVES);
    expect(hex(await proveInclusion(5, 8, read))).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
    expect(hex(await proveConsistency(6, 8, read))).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
    expect(hex(await proveConsistency(2, 5, read))).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ]);
  });

  it('has roots and proofs of inclusion as a recursive implementation, each of which verifies', async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, fc.nat(), async (leaves, n) => {
        const [size, index] = [leaves.length, n % leaves.length];
        const root = await treeRoot(size, readerOf(leaves));
        const proof = await proveInclusion(index, size, readerOf(leaves));
        expect(root).toEqual(naiveRoot(leaves));
        expect(hex(proof)).toEqual(hex(naivePath(index, leaves)));
        expect(isIncluded({ index, size, leaf: leafHash(leaves[index]!), root, proof })).toBe(true);
      }),
    );
  });

  it('has proofs of consistency as a recursive implementation, each of which verifies', async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, fc.nat(), async (leaves, n) => {
        const [size, older] = [leaves.length, n % (leaves.length + 1)];
        const [olderRoot, root] = [naiveRoot(leaves.slice(0, older)), naiveRoot(leaves)];
        const proof = await proveConsistency(older, size, readerOf(leaves));
        expect(hex(proof)).toEqual(older === 0 ? [] : hex(naiveSubproof(older, leaves, true)));
        expect(isConsistent({ older, size, olderRoot, root, proof })).toBe(true);
      }),
    );
  });

  it('accepts no proof with a changed hash, leaf, place, size or length', async () => {
    const change = fc.oneof(
      ...['hash', 'leaf', 'index', 'size', 'root', 'drop', 'add'].map((what) => fc.constant(what)),
    );
    await fc.assert(
      fc.asyncProperty(anyTree, fc.nat(), change, fc.nat(31), async (leaves, n, what, byte) => {
        const [size, index] = [leaves.length, n % leaves.length];
        const flipped = (hash: Uint8Array) => Buffer.from(hash).fill((hash[byte]! + 1) % 256, byte, byte + 1);
        const proof = await proveInclusion(index, size, readerOf(leaves));
        const valid = { index, size, leaf: leafHash(leaves[index]!), root: naiveRoot(leaves), proof };
        const at = proof.length === 0 ? 0 : n % proof.length;
        const changed = {
          hash: { ...valid, proof: proof.map((hash, i) => (i === at ? flipped(hash) : hash)) },
          leaf: { ...valid, leaf: flipped(valid.leaf) },
          index: { ...valid, index: (index + 1 + (n % 5)) % (size + 3) },
          // A proof says nothing of leaves beyond those whose number changes its shape.
          size: { ...valid, size: index },
          root: { ...valid, root: flipped(valid.root) },
          drop: { ...valid, proof: proof.slice(1) },
          add: { ...valid, proof: [...proof, valid.root] },
        }[what]!;
        const isSame = JSON.stringify(changed) === JSON.stringify(valid);
        expect(isIncluded(changed)).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts no consistency of trees that differ in the older part', async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, fc.nat(), fc.nat(), async (leaves, n, m) => {
        const [size, older] = [leaves.length, 1 + (n % leaves.length)];
        const other = leaves.map((leaf, i) => (i === m % older ? Buffer.from('another') : leaf));
        const proof = await proveConsistency(older, size, readerOf(leaves));
        const claims = { older, size, root: naiveRoot(leaves), proof };
        expect(isConsistent({ ...claims, olderRoot: naiveRoot(other.slice(0, older)) })).toBe(false);
      }),
    );
  });

  it('answers false for anything else, however strange, and stops early', () => {
    const anyHash = fc.uint8Array({ minLength: 30, maxLength: 33 });
    const anyNumber = fc.oneof(fc.nat(100), fc.integer(), fc.double(), fc.constant(Number.MAX_SAFE_INTEGER));
    fc.assert(
      fc.property(
        anyNumber,
        anyNumber,
        anyHash,
        anyHash,
        fc.array(anyHash, { maxLength: 70 }),
        (a, b, one, other, proof) => {
          expect(isIncluded({ index: a, size: b, leaf: one, root: other, proof })).toBe(false);
          const claimed = isConsistent({ older: a, size: b, olderRoot: one, root: other, proof });
          expect(claimed).toBe(a === b && proof.length === 0 && one.length === 32 && Buffer.compare(one, other) === 0);
        },
      ),
    );
  });

  it('needs few hashes in a tree of the largest size', () => {
    const size = Number.MAX_SAFE_INTEGER;
    for (const index of [0, 1, 2 ** 40 + 3, size - 1]) expect(inclusionRanges(index, size).length).toBeLessThan(54);
    for (const older of [1, 2 ** 40 + 3, size - 1]) expect(consistencyRanges(older, size).length).toBeLessThan(55);
  });
});
