import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formerSpellings, InvalidAddress, mailboxOf, mailboxText } from './mailbox.js';

const TABLE = new URL('../../../docs/operations/addresses.md', import.meta.url);
const ROW = /^\| `(?<address>[^`]+)` *\| (?:`(?<other>[^`]+)`)? *\| (?<result>same|different|refused) *\|/;
const readable = (text = '') =>
  text.replace(/\\u([0-9a-f]{4})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
const rows = readFileSync(TABLE, 'utf8')
  .split('\n')
  .map((line) => ROW.exec(line)?.groups)
  .filter((groups) => groups !== undefined)
  .map(({ address, other, result }) => ({ address: readable(address), other: readable(other), result: result! }));
const key = (address: string) => mailboxText(mailboxOf(address));

describe('the documented table of addresses', () => {
  it('has rows of each kind', () => {
    const kinds = new Map<string, number>();
    for (const { result } of rows) kinds.set(result, (kinds.get(result) ?? 0) + 1);
    for (const kind of ['same', 'different', 'refused']) expect(kinds.get(kind)).toBeGreaterThan(6);
  });

  it.each(rows)('is true of $address and $other: $result', ({ address, other, result }) => {
    if (result === 'refused') return expect(() => key(address)).toThrow(InvalidAddress);
    expect(key(address) === key(other)).toBe(result === 'same');
  });
});

describe('a mailbox', () => {
  const spelled = fc
    .tuple(
      fc.stringMatching(/^[a-zA-Zé0-9!#$%&'*+/=?^_{|}~-]{1,12}$/),
      fc.constantFrom('example.org', 'Müller.Example', 'xn--mller-kva.example', 'straße.example', 'sub.ｅxample.org'),
    )
    .map(([local, domain]) => ({ local, domain }));

  it('is the same for every spelling that differs in case, form, quotes and final dot only', () => {
    const change = fc.record({
      upper: fc.boolean(),
      quoted: fc.boolean(),
      dot: fc.boolean(),
      form: fc.constantFrom('NFC', 'NFD'),
    });
    fc.assert(
      fc.property(spelled, change, ({ local, domain }, { upper, quoted, dot, form }) => {
        const name = upper ? local.toUpperCase() : local;
        const other = `${quoted ? `"${name}"` : name}@${domain}${dot ? '.' : ''}`.normalize(form);
        expect(key(other)).toBe(key(`${local}@${domain}`));
      }),
    );
  });

  it('is its own spelling', () => {
    fc.assert(
      fc.property(spelled, ({ local, domain }) => {
        const once = key(`${local}@${domain}`);
        expect(key(once)).toBe(once);
      }),
    );
  });

  it('answers any text with a mailbox or an InvalidAddress', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }).map((one) => `${one}@x.org`),
    );
    fc.assert(
      fc.property(text, (address) => {
        try {
          expect(key(address)).toMatch(/^[^\s]+@[a-z0-9.-]+$/u);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidAddress);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('lists the spellings that earlier versions kept apart', () => {
    expect(formerSpellings(mailboxOf('User@MÜLLER.example'))).toEqual(
      expect.arrayContaining(['user@müller.example', 'user@xn--mller-kva.example', '"user"@müller.example.']),
    );
  });
});
