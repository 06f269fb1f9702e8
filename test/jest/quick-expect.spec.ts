import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../support/runs.js';

type Expect = typeof expect;
type Matchers = Record<string, (...expected: unknown[]) => unknown>;

const { jestExpect } = (await import(`${process.cwd()}/test/jest/globals.mjs`)) as { jestExpect: Expect };
const MATCHERS = Object.keys(jestExpect(undefined)).filter((name) => /^to(?!.*Snapshot)/.test(name));

class Point {
  constructor(readonly x: number) {}
}
const cyclic: Record<string, unknown> = { a: 1 };
cyclic.self = cyclic;
const sparse = new Array<number>(2);
sparse[1] = 1;

const VALUES: unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  1,
  1.004,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  10n,
  '',
  'a',
  'a.b',
  /a/g,
  /^b/,
  Symbol.iterator,
  [],
  ['a'],
  [1, undefined],
  sparse,
  {},
  { a: 1 },
  { a: 1, b: undefined },
  { a: { b: [1] } },
  { length: 1 },
  new Point(1),
  new Point(2),
  Point,
  Error,
  new Error('a'),
  new TypeError('a'),
  new Date(0),
  new Date(Number.NaN),
  new Set([1, 'a']),
  new Map([['a', { b: 1 }]]),
  Buffer.from('a'),
  new Uint8Array([97]),
  cyclic,
  () => {
    throw new Error('a');
  },
  () => 'a',
  expect.anything(),
  expect.any(Number),
  expect.stringMatching(/a/),
  expect.stringContaining('a'),
  expect.objectContaining({ a: 1 }),
  expect.arrayContaining(['a']),
  expect.not.objectContaining({ a: 1 }),
  expect.closeTo(1),
  {
    get a() {
      throw new Error('not readable');
    },
  },
];

/** What a comparison does: the error with all that Jest shows of it, and how many assertions Jest counts. */
function outcome(compare: () => unknown) {
  const { assertionCalls, numPassingAsserts } = counted();
  let error: (Error & { matcherResult?: { pass: boolean } }) | undefined;
  try {
    compare();
  } catch (thrown) {
    error = thrown as Error;
  }
  const after = counted();
  return {
    name: error?.constructor.name,
    message: error?.message,
    pass: error?.matcherResult?.pass,
    assertions: after.assertionCalls - assertionCalls,
    passing: after.numPassingAsserts - numPassingAsserts,
  };
}

const counted = () => jestExpect.getState() as unknown as { assertionCalls: number; numPassingAsserts: number };

function sameOutcome(matcher: string, actual: unknown, expected: unknown[]) {
  for (const isNot of [false, true]) {
    const [jests, ours] = [jestExpect, expect].map((by) => {
      const matchers = (isNot ? by(actual).not : by(actual)) as unknown as Matchers;
      return outcome(() => matchers[matcher]!(...expected));
    });
    jestExpect(ours).toEqual(jests);
  }
}

/** The line where a comparison fails, as Jest shows it: that of the first frame outside of Jest. */
async function firstFrame(compare: () => unknown) {
  try {
    await compare();
  } catch (error) {
    return (error as Error)
      .stack!.split('\n')
      .find((line) => /^ +at (?!.*node_modules)/.test(line))!
      .replace(/:\d+$/, '');
  }
  throw new Error('the comparison passes');
}

describe('expect', () => {
  it.each(MATCHERS)('compares each value with itself as that of Jest does: %s', (matcher) => {
    for (const value of VALUES) {
      sameOutcome(matcher, value, []);
      sameOutcome(matcher, value, [value]);
    }
  });

  it('compares any two values as that of Jest does', () => {
    const value = fc.oneof(fc.constantFrom(...VALUES), fc.anything({ withMap: true, withSet: true, withDate: true }));
    const copies = fc.clone(value, 2);
    const values = fc.oneof(fc.tuple(value, value), copies);
    const further = fc.array(fc.constantFrom<unknown>(0, 2, 'a', { a: 1 }), { maxLength: 1 });
    fc.assert(
      fc.property(fc.constantFrom(...MATCHERS), values, further, (matcher, [actual, expected], others) =>
        sameOutcome(matcher, actual, [expected, ...others]),
      ),
      { numRuns: runs(1_000, 20_000) },
    );
  });

  it('has all that Jest has', () => {
    const all = (by: object) => Object.keys(by).sort();
    jestExpect(all(expect)).toEqual(all(jestExpect));
    for (const name of all(jestExpect(1))) jestExpect(expect(1)).toHaveProperty(name);
    for (const name of all(jestExpect(1).not)) jestExpect(expect(1).not).toHaveProperty(name);
    jestExpect(() => (expect as (...values: unknown[]) => unknown)(1, 'a message')).toThrow('at most one argument');
  });

  it('awaits promises', async () => {
    await expect(Promise.resolve(1)).resolves.toBe(1);
    await expect(Promise.reject(new Error('a'))).rejects.toThrow('a');
    await jestExpect(expect(Promise.resolve(1)).resolves.not.toBe(1)).rejects.toThrow('not 1');
    await jestExpect(expect(Promise.resolve(1)).rejects.toThrow()).rejects.toThrow('resolved instead of rejected');
  });

  it('fails with the line of the spec', async () => {
    const failing = [
      (by: Expect) => by(1).toBe(2),
      (by: Expect) => by(1).not.toEqual(1),
      (by: Expect) => by(1).toHaveLength(1),
      (by: Expect) => by(() => 1).toThrow(),
      (by: Expect) => by(Promise.resolve(1)).resolves.toBe(2),
      (by: Expect) => by(Promise.resolve(1)).rejects.toBe(2),
      (by: Expect) => by(1).rejects.toBe(2),
    ];
    for (const compare of failing) {
      const [jests, ours] = await Promise.all([jestExpect, expect].map((by) => firstFrame(() => compare(by))));
      jestExpect(ours).toContain('quick-expect.spec.ts');
      jestExpect(ours).toBe(jests);
    }
  });

  it('fails although what it compares has changed when Jest compares again', () => {
    const once = [1].values();
    jestExpect(() => expect(once).toEqual([].values())).toThrow('reading changes what it compares');
  });
});
