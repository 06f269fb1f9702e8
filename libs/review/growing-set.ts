/**
 * A set of texts that never changes and grows cheaply: what is added goes into a map that all versions share, and an older
 * version does not see what came after it.
 */
export class GrowingSet implements Iterable<string> {
  static readonly empty = new GrowingSet(new Map(), 0);

  static of(values: Iterable<string>): GrowingSet {
    return GrowingSet.empty.with(values);
  }

  private constructor(
    /** Each value's place in the order of adding. */
    private readonly places: Map<string, number>,
    readonly size: number,
  ) {}

  has(value: string): boolean {
    const place = this.places.get(value);
    return place !== undefined && place < this.size;
  }

  /** With these too; the same set if it has them all. */
  with(values: Iterable<string>): GrowingSet {
    const added = [...new Set(values)].filter((value) => !this.has(value));
    if (added.length === 0) return this;
    // The newest version adds to the shared map; any other, and the one empty set, begins a map of its own.
    const shares = this.size > 0 && this.places.size === this.size;
    const places = shares ? this.places : new Map([...this].map((value, place) => [value, place]));
    for (const value of added) places.set(value, places.size);
    return new GrowingSet(places, places.size);
  }

  /** In the order of adding. */
  *[Symbol.iterator](): Iterator<string> {
    let left = this.size;
    for (const value of this.places.keys()) {
      if (left-- === 0) return;
      yield value;
    }
  }
}
