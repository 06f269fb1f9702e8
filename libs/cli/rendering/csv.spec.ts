import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvCell } from './csv.js';

describe('a cell of CSV', () => {
  it.each([
    ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
    ['+1', "'+1"],
    ['-cmd', "'-cmd"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ["'quoted", "''quoted"],
  ])('is no formula of a spreadsheet: %j', (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  it.each([
    [-5, '-5'],
    [null, ''],
    ['', '""'],
    [true, 'true'],
    ['a "b", c', '"a ""b"", c"'],
  ])('is written as it is otherwise: %j', (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });

  it('has its text again once one apostrophe before it is removed, and never begins as a formula', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom(...'\'=+-@\t\r\n",a') }));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (row) => {
        const [cells] = parse(`${row.map(csvCell).join(',')}\r\n`, { recordDelimiter: '\r\n' }) as string[][];
        expect(cells!.filter((cell) => /^[=+\-@\t\r\n]/.test(cell))).toEqual([]);
        expect(cells!.map((cell) => cell.replace(/^'/, ''))).toEqual(row);
      }),
    );
  });
});
