/** Where Jest keeps its matchers and counts its assertions. */
const JEST = Symbol.for('$$jest-matchers-object');
/** Matchers that only read what they compare, so that Jest may compare it again to describe a failure. */
const READING = [
  'toBe',
  'toBeCloseTo',
  'toBeDefined',
  'toBeFalsy',
  'toBeGreaterThan',
  'toBeGreaterThanOrEqual',
  'toBeInstanceOf',
  'toBeLessThan',
  'toBeLessThanOrEqual',
  'toBeNaN',
  'toBeNull',
  'toBeTruthy',
  'toBeUndefined',
  'toContain',
  'toContainEqual',
  'toEqual',
  'toHaveLength',
  'toHaveProperty',
  'toMatch',
  'toMatchObject',
  'toStrictEqual',
];

class Comparison {
  constructor(actual) {
    this.actual = actual;
  }
}

/**
 * Jest's `expect` with the same results. Each call of Jest's own makes six closures for each of its matchers and captures a
 * stack, 30 µs, and properties call it in loops. This one asks Jest's matcher alone, and Jest's `expect` only to fail.
 */
export function quickExpect(jestExpect) {
  class Opposite extends Comparison {}
  class Expectation extends Comparison {
    get not() {
      return new Opposite(this.actual);
    }

    get resolves() {
      return jestExpect(this.actual).resolves;
    }

    get rejects() {
      return jestExpect(this.actual).rejects;
    }
  }
  for (const [name, matcher] of Object.entries(globalThis[JEST].matchers)) {
    const isReading = READING.includes(name);
    for (const { prototype } of [Expectation, Opposite]) {
      const isNot = prototype === Opposite.prototype;
      prototype[name] = function (...expected) {
        if (isReading && holds(matcher, isNot, this.actual, expected)) return;
        const jests = isNot ? jestExpect(this.actual).not : jestExpect(this.actual);
        const result = jests[name](...expected);
        if (isReading) throw new Error(`${name} fails, but passes the second time: reading changes what it compares`);
        return result;
      };
    }
  }
  const expect = (...args) => (args.length > 1 ? jestExpect(...args) : new Expectation(args[0]));
  return Object.assign(expect, jestExpect);
}

function holds(matcher, isNot, actual, expected) {
  const { customEqualityTesters: customTesters, state } = globalThis[JEST];
  try {
    if (matcher.apply({ isNot, promise: '', customTesters }, [actual, ...expected]).pass === isNot) return false;
  } catch {
    return false;
  }
  state.assertionCalls++;
  state.numPassingAsserts++;
  return true;
}
