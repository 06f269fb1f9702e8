import fc from 'fast-check';
import { anyCharacter } from './any-character.js';

const DEEP = 5_000;
const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`);

/** Hostile strings: control characters, lone surrogates, other scripts, SQL, very long ones. */
export const strangeText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 30 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    'a\nb',
    '\u202e',
    '\ufeff',
    "'; DROP TABLE log.events; --",
    '%00',
  ),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'sealed:v1:AAAA',
    '-1',
    '1e3',
    '0x10',
    '9007199254740993',
    'null',
  ),
  fc.integer({ min: 195, max: 1000 }).map((length) => 'x'.repeat(length)),
);

/** Any JSON value, and some that only a malicious program would send. */
export const strangeValue: fc.Arbitrary<unknown> = fc.oneof(
  strangeText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, 2 ** 53, [], {}, [null], [[]], { toString: 1, valueOf: 1 }),
  fc.constant(nested(DEEP)),
  fc.constant(JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}')),
  fc.array(strangeText, { maxLength: 3 }),
);

/** The value with one member, at any depth, removed, renamed or replaced by a strange value. */
export function mutated(valid: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .record({
      path: fc.constantFrom(...pathsOf(valid)),
      how: fc.constantFrom('strange', 'strange', 'strange', 'gone', 'renamed'),
      value: strangeValue,
    })
    .map(({ path, how, value }) => {
      const copy = structuredClone(valid);
      const name = path.at(-1)!;
      const owner = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, copy);
      if (how === 'strange') owner[name] = value;
      else if (Array.isArray(owner)) owner.splice(Number(name), 1);
      else {
        if (how === 'renamed') owner[`${name}x`] = owner[name];
        delete owner[name];
      }
      return copy;
    });
}

function pathsOf(value: object, above: string[] = []): string[][] {
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = [...above, name];
    return typeof inner === 'object' && inner !== null ? [path, ...pathsOf(inner, path)] : [path];
  });
}
