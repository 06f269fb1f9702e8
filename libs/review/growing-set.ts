/**
 * An immutable set of strings that is cheap to extend: all versions share one map, and an older version does not see later
 * values.
 */
export class GrowingSet implements Iterable<string> {
  static readonly empty = new GrowingSet(new Map(), 0);

  static of(values: Iterable<string>): GrowingSet {
    return GrowingSet.empty.with(values);
  }

  private constructor(
    /** Each value's index in the order of adding. */
    private readonly places: Map<string, number>,
    readonly size: number,
  ) {}

  has(value: string): boolean {
    const place = this.places.get(value);
    return place !== undefined && place < this.size;
  }

  /** Adds values; returns the same set if it has them all. */
  with(values: Iterable<string>): GrowingSet {
    const added = [...new Set(values)].filter((value) => !this.has(value));
    if (added.length === 0) return this;
    // Only the newest version may add to the shared map. The empty set is shared by all, so it never may.
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
