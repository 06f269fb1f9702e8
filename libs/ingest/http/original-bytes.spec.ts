import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.js';
import { elementsOf } from './original-bytes.js';

const space = fc.constantFrom('', ' ', '\n\t', '\r\n ');
/** JSON texts in many notations. */
const json = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('1.0', '-0', '12345678901234567890', '1e3', 'null', 'true', '""', '"\\u005b\\"],[\\\\"', '"é,💥"'),
    fc.string({ unit: anyCharacter }).map((text) => JSON.stringify(text)),
    fc
      .tuple(space, fc.array(tie('text'), { maxLength: 4 }))
      .map(([gap, items]) => `[${gap}${items.join(`${gap},`)}${gap}]`),
    fc
      .tuple(space, fc.array(fc.tuple(fc.constantFrom('"a"', '"b,]"', '"{"'), tie('text')), { maxLength: 4 }))
      .map(([gap, members]) => `{${gap}${members.map(([name, value]) => `${name}${gap}:${value}`).join(`,${gap}`)}}`),
  ),
})).text;

it('splits any JSON array into its elements, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(json, { minLength: 1, maxLength: 6 }), space, space, (elements, before, after) => {
      const written = `${after}[${elements.map((one) => `${before}${one}${after}`).join(',')}]${before}`;
      expect(elementsOf(Buffer.from(written)).map(String)).toEqual(elements);
    }),
    { numRuns: 500 },
  );
});
