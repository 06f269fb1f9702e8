import { hash } from 'node:crypto';

const SEED_BYTES = 32;
/** Children of a node. Four are a balance of the hashes for a key and the seeds that an erasure leaves. */
const WIDTH = 4;
const BITS = Math.log2(WIDTH);
/** Depth, prefix and seed of a node. */
const NODE_BYTES = 1 + 8 + SEED_BYTES;

const LEAF = WIDTH;
/** What is hashed: whose child, or the key of a leaf, and its seed. */
const input = Buffer.alloc(1 + SEED_BYTES);

function derive(seed: Buffer, what: number): Buffer {
  input[0] = what;
  seed.copy(input, 1);
  return hash('sha256', input, 'buffer');
}

/** A subtree of the leaves: the first `depth` digits of their places. */
export interface Subtree {
  depth: number;
  prefix: number;
}

/**
 * A tree of seeds, each derived from its parent's, with a key at every leaf (the pseudorandom function of Goldreich, Goldwasser
 * and Micali). Destroying a leaf keeps the seeds beside its path and drops those on it: every other key stays the same, and
 * nothing that is kept leads to the destroyed one. No key has to be stored before it is destroyed.
 */
export class PuncturableTree {
  /** The seeds that are kept, by depth and prefix; no kept node is below another one. */
  private readonly kept: Map<number, Buffer>[];

  /** @param depth of the leaves, at most 26: a place is an integer below 4 to the power of it */
  constructor(
    readonly depth: number,
    nodes: readonly (Subtree & { seed: Buffer })[],
  ) {
    this.kept = Array.from({ length: depth + 1 }, () => new Map());
    for (const { depth: at, prefix, seed } of nodes) this.kept[at]!.set(prefix, seed);
  }

  static fromSeed = (depth: number, seed: Buffer) => new PuncturableTree(depth, [{ depth: 0, prefix: 0, seed }]);

  static fromBytes(depth: number, bytes: Buffer): PuncturableTree {
    const nodes = [];
    for (let at = 0; at < bytes.length; at += NODE_BYTES) {
      const seed = Buffer.from(bytes.subarray(at + 9, at + NODE_BYTES));
      nodes.push({ depth: bytes[at]!, prefix: Number(bytes.readBigUInt64BE(at + 1)), seed });
    }
    return new PuncturableTree(depth, nodes);
  }

  toBytes(): Buffer {
    const nodes = this.kept.flatMap((level, depth) =>
      [...level].map(([prefix, seed]) => {
        const head = Buffer.alloc(9, depth);
        head.writeBigUInt64BE(BigInt(prefix), 1);
        return Buffer.concat([head, seed]);
      }),
    );
    return Buffer.concat(nodes);
  }

  /** @returns undefined if it was destroyed */
  keyAt(place: number): Buffer | undefined {
    const above = this.covering({ depth: this.depth, prefix: place });
    if (!above) return undefined;
    let { seed } = above;
    for (let depth = above.depth; depth < this.depth; depth++)
      seed = derive(seed, this.digit(place, this.depth, depth));
    return derive(seed, LEAF);
  }

  /** Destroys the keys of a subtree; a no-op for those that are destroyed. @returns whether there were any */
  puncture({ depth, prefix }: Subtree): boolean {
    const above = this.covering({ depth, prefix });
    if (above) {
      this.kept[above.depth]!.delete(above.prefix);
      let { seed } = above;
      for (let at = above.depth; at < depth; at++) {
        const taken = this.digit(prefix, depth, at);
        const parent = this.prefixAt(prefix, depth, at);
        for (let child = 0; child < WIDTH; child++) {
          if (child !== taken) this.kept[at + 1]!.set(parent * WIDTH + child, derive(seed, child));
        }
        seed = derive(seed, taken);
      }
      return true;
    }
    let isChanged = false;
    for (let at = depth + 1; at <= this.depth; at++) {
      for (const place of this.kept[at]!.keys()) {
        if (this.prefixAt(place, at, depth) === prefix) isChanged = this.kept[at]!.delete(place) || isChanged;
      }
    }
    return isChanged;
  }

  /** The kept node on the path to a subtree. */
  private covering({ depth, prefix }: Subtree): (Subtree & { seed: Buffer }) | undefined {
    for (let at = 0; at <= depth; at++) {
      const above = this.prefixAt(prefix, depth, at);
      const seed = this.kept[at]!.get(above);
      if (seed) return { depth: at, prefix: above, seed };
    }
    return undefined;
  }

  /** Places have up to 52 bits, for which the operators of 32 bits don't do. */
  private prefixAt = (prefix: number, depth: number, at: number): number =>
    Math.floor(prefix / 2 ** (BITS * (depth - at)));

  private digit = (prefix: number, depth: number, at: number): number => this.prefixAt(prefix, depth, at + 1) % WIDTH;
}
