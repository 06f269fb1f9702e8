/** 4 MiB. */
const BITS = 2 ** 25;
const WORD_BITS = 32;
const BITS_PER_KEY = 3;

/**
 * Which keys were surely not added: a Bloom filter. Of the others, 1 in 400 was not added either once it has 1.6 million
 * keys, 1 in 5 at 10 million.
 */
export class KeyFilter {
  private readonly words = new Uint32Array(BITS / WORD_BITS);

  add(key: string): void {
    let { hash, step } = hashes(key);
    for (let n = 0; n < BITS_PER_KEY; n++, hash = (hash + step) >>> 0) {
      const bit = hash % BITS;
      this.words[bit >>> 5]! |= 1 << (bit & 31);
    }
  }

  /** False only if the key was never added. */
  mayHave(key: string): boolean {
    let { hash, step } = hashes(key);
    for (let n = 0; n < BITS_PER_KEY; n++, hash = (hash + step) >>> 0) {
      const bit = hash % BITS;
      if ((this.words[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

/** Two independent hashes, from which the others are derived (Kirsch and Mitzenmacher, 2006). */
function hashes(key: string): { hash: number; step: number } {
  let [hash, step] = [0x811c9dc5, 0];
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    hash = Math.imul(hash ^ code, 0x01000193);
    step = (Math.imul(step, 31) + code) | 0;
  }
  return { hash: mixed(hash), step: mixed(step) };
}

/** MurmurHash3's finalizer: every bit of the result depends on every bit. */
function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
