import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isUuid, nameBasedId, namedIds, timeOrderedIds } from './ids.js';

const NOW = Date.parse('2022-05-18T09:00:00Z');
const HOUR_MS = 3_600_000;
const TIME_DIGITS = 13;

it('makes unique ids whose times never decrease, even if the clock is set back', () => {
  const jump = fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.constantFrom(-HOUR_MS, HOUR_MS));
  fc.assert(
    fc.property(fc.array(jump, { minLength: 1, maxLength: 300 }), (jumps) => {
      let now = NOW;
      const ids = timeOrderedIds({ now: () => now });
      const made = jumps.map((by) => {
        now += by;
        return ids.next();
      });
      expect(made.every(isUuid)).toBe(true);
      expect(new Set(made).size).toBe(made.length);
      const times = made.map((id) => id.slice(0, TIME_DIGITS));
      expect(times).toEqual([...times].sort());
    }),
  );
});

it('makes the ids of names of one namespace as of each by itself, whatever they are and in whatever order', () => {
  const space = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';
  const idOf = namedIds(space);
  // RFC 9562 has no example in this space; this one is of Python's uuid module.
  expect(idOf('http://example.com/')).toBe('0a300ee9-f9e4-5697-a51a-efc7fafaba67');
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary', minLength: 1_000, maxLength: 1_100 }),
  );
  fc.assert(fc.property(name, (one) => expect(idOf(one)).toBe(nameBasedId(space, one))));
});
