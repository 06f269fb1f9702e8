import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, NotCanonical, sortedJson } from './canonical-json.js';

/** RFC 8785 as its text says it, without any regard to speed. */
function naive(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(naive).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const units = (text: string) => Array.from({ length: text.length }, (_, n) => text.charCodeAt(n));
  const inOrder = ([a]: [string, unknown], [b]: [string, unknown]) => {
    const [one, other] = [units(a), units(b)];
    const at = one.findIndex((unit, n) => unit !== other[n]);
    return at < 0 ? one.length - other.length : (one[at] ?? 0) - (other[at] ?? -1);
  };
  const members = Object.entries(value).sort(inOrder);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${naive(member)}`).join(',')}}`;
}

const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string({ unit: 'binary' }), fc.nat(20).map(String)), tie('value'), { maxKeys: 6 }),
  ),
})).value;

describe('the canonical text of a value', () => {
  it('is that of the example of RFC 8785, section 3.2.2', () => {
    const value = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    );
    // 1E30 is an integer that few programs read exactly, so we refuse it.
    value.numbers[1] = 1e-7;
    expect(canonicalJson(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e-7,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('has members in the order of RFC 8785, section 3.2.3', () => {
    const value = {
      '\u20ac': 1,
      '\r': 2,
      '\ufb33': 3,
      '1': 4,
      '\u{1f600}': 5,
      '\u0080': 6,
      '\u00f6': 7,
      '10': 8,
      '9': 9,
    };
    expect(JSON.stringify([...canonicalJson(value).matchAll(/:(\d)/g)].map(([, n]) => Number(n)))).toBe(
      '[2,4,8,9,6,7,1,5,3]',
    );
  });

  it('has members in that order however many there are', () => {
    const few = fc.dictionary(fc.string(), fc.nat(), { maxKeys: 6 });
    const many = fc.dictionary(fc.string({ unit: 'binary', minLength: 2 }), fc.nat(), { minKeys: 15, maxKeys: 30 });
    fc.assert(fc.property(fc.oneof(few, many), (value) => expect(canonicalJson(value)).toBe(naive(value))));
  });

  it('is that of a naive implementation, and is read as the same value', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const text = canonicalJson(value);
        expect(text).toBe(naive(value));
        expect(sortedJson(value)).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it('has the numbers of RFC 8785, appendix B', () => {
    const numbers = [
      -0,
      5e-324,
      1.7976931348623157e308 / 1e300,
      9007199254740991,
      -9007199254740991,
      1e-7,
      0.1,
      333333333.3333333,
    ];
    expect(canonicalJson(numbers)).toBe(
      '[0,5e-324,179769313.48623157,9007199254740991,-9007199254740991,1e-7,0.1,333333333.3333333]',
    );
  });

  it.each([
    ['half of a surrogate pair', { a: [1, 'x\ud800'] }, '/a/1', 'surrogate'],
    ['half of a pair in a name', { 'x\udfff': 1 }, '', 'surrogate'],
    ['an integer that is not safe', { 'a/b~': 2 ** 53 }, '/a~1b~0', 'beyond'],
    ['a negative one', [-(2 ** 53)], '/0', 'beyond'],
    ['a number that is none', { a: Number.NaN }, '/a', 'number'],
    ['infinity', { a: Number.POSITIVE_INFINITY }, '/a', 'number'],
    ['a bigint', { a: 1n }, '/a', 'bigint'],
    ['a function', { a: () => 1 }, '/a', 'function'],
    ['an object with a form of its own', { a: new Date(0) }, '/a', 'plain'],
    ['a gap in a list', [undefined], '/0', 'undefined'],
  ])('does not exist for %s', (_, value, field, reason) => {
    expect(() => canonicalJson(value)).toThrow(NotCanonical);
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ field, reason: expect.stringContaining(reason) }),
    );
  });

  it('does not exist for extreme depth, which is refused without an overflow', () => {
    const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    expect(canonicalJson(deep(100))).toHaveLength(200);
    for (const levels of [101, 100_000]) expect(() => canonicalJson(deep(levels))).toThrow(NotCanonical);
  });

  it('leaves out members without a value', () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
  });

  it('keeps what older events may hold, in the form of JSON.stringify', () => {
    expect(sortedJson({ b: 'x\ud800', a: 2 ** 60 })).toBe(`{"a":${2 ** 60},"b":"x\\ud800"}`);
  });
});
