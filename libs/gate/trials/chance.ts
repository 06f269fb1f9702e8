export type Chance = ReturnType<typeof seededChance>;

/**
 * Random numbers; the same seed and name give the same numbers. The generator is sfc32 by Chris Doty-Humphrey, public domain
 * (PractRand): 128 bits of state, enough for billions of draws.
 * @param name of what draws them, so that a trial doesn't depend on what another one has drawn
 */
export function seededChance(seed: number, name: string) {
  let [a, b, c, counter] = [seed >>> 0, hashOf(name), 0x9e3779b9, 1];
  const word = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  /** More than 0 and at most 1, with 53 random bits. */
  const next = () => ((word() >>> 5) * 67_108_864 + (word() >>> 6) + 1) / 9_007_199_254_740_992;
  for (let i = 0; i < 20; i++) word();
  return {
    next,
    happens: (probability: number): boolean => next() <= probability,
    pick: <Item>(items: readonly Item[]): Item => items[Math.ceil(next() * items.length) - 1]!,
    /** How many trials fail before the first that succeeds. */
    failures: (logFailure: number): number => Math.floor(Math.log(next()) / logFailure),
    exponential: (mean: number): number => -mean * Math.log(next()),
  };
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}
