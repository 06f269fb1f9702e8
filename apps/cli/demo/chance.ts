export type Chance = ReturnType<typeof seededChance>;

/**
 * Random numbers; the same seed gives the same numbers. Mulberry32 by Tommy Ettinger, public domain: 32 bits of state, good
 * enough for a preview.
 */
export function seededChance(seed: number) {
  let state = seed >>> 0;
  /** At least 0 and less than 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    /** True with this probability, from 0 to 1. */
    happens: (probability: number): boolean => next() < probability,
    pick: <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)]!,
  };
}
