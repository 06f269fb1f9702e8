import { hash } from 'node:crypto';

const HASH_WORDS = 4;
const FIRST_CAPACITY = 1_024;
const FREE = -1;

/**
 * Numbers ids from 0 on, in the order in which they come. An id is kept as the first 128 bits of its SHA-256: 24 to 40 bytes, where a
 * Map with its text takes about 100, and holds no more than 16 million.
 */
export class IdNumbers {
  private hashes = new Uint32Array(FIRST_CAPACITY * HASH_WORDS);
  /** By the first word of the hash, then in the next free place: numbers, at most half of the places. */
  private places = new Int32Array(FIRST_CAPACITY * 2).fill(FREE);
  private count = 0;
  /** Several questions in a row are mostly about the same id. */
  private last = { id: '', number: FREE };

  /** Of an id that is new, the next number. */
  of(id: string): number {
    if (this.last.number === FREE || this.last.id !== id) this.last = { id, number: this.find(id) };
    return this.last.number;
  }

  private find(id: string): number {
    const digest = hash('sha256', id, 'buffer');
    let place = digest.readUInt32LE(0) % this.places.length;
    for (; this.places[place] !== FREE; place = (place + 1) % this.places.length) {
      if (this.isOf(this.places[place]!, digest)) return this.places[place]!;
    }
    if (this.count * 2 === this.places.length) {
      this.grow();
      return this.find(id);
    }
    for (let n = 0; n < HASH_WORDS; n++) this.hashes[this.count * HASH_WORDS + n] = digest.readUInt32LE(n * 4);
    this.places[place] = this.count;
    return this.count++;
  }

  private isOf(number: number, digest: Buffer): boolean {
    for (let n = 0; n < HASH_WORDS; n++)
      if (this.hashes[number * HASH_WORDS + n] !== digest.readUInt32LE(n * 4)) return false;
    return true;
  }

  private grow(): void {
    this.hashes = grown(this.hashes, this.count * 2 * HASH_WORDS);
    this.places = new Int32Array(this.count * 4).fill(FREE);
    for (let number = 0; number < this.count; number++) {
      let place = this.hashes[number * HASH_WORDS]! % this.places.length;
      while (this.places[place] !== FREE) place = (place + 1) % this.places.length;
      this.places[place] = number;
    }
  }
}

/** A copy with more places, which are 0. */
export function grown<Values extends Uint8Array | Uint32Array | Float64Array>(values: Values, length: number): Values {
  const copy = new (values.constructor as new (length: number) => Values)(length);
  copy.set(values);
  return copy;
}
