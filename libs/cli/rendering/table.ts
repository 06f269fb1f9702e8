import Table from 'cli-table3';
import { line, lines, plainLine, type Shown } from './plain-text.js';

export type Cell = string | number | boolean | null | undefined;

/** Columns separated by spaces, which other programs can split. */
const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/**
 * A table as text. Columns with numbers are aligned to the right.
 * @param nothing shown instead of a table without rows
 */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], nothing = 'none'): Shown {
  if (rows.length === 0) return line`${nothing}`;
  const shown = new Table({
    head: head.map((title) => plainLine(title).toUpperCase()),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (rows.some((row) => typeof row[column] === 'number') ? 'right' : 'left')),
  });
  shown.push(...rows.map((row) => row.map(cellText)));
  // Each cell is on one line.
  return trimmed(shown.toString()) as Shown;
}

/** Fields that have a time, by their names. */
const IS_TIME = /(?:At|From|[uU]ntil)$/;

/** The rows of a table with these fields of the items. */
export const rowsOf = <Item>(items: readonly Item[], ...fields: (keyof Item & string)[]): Cell[][] =>
  items.map((item) =>
    fields.map((field) => (IS_TIME.test(field) ? time(item[field] as string | null) : (item[field] as Cell))),
  );

/** Names and values, one pair a line. */
export function pairs(rows: readonly (readonly [name: string, value: Cell])[]): Shown {
  const width = Math.max(...rows.map(([name]) => name.length));
  return lines(rows.map(([name, value]) => line`${name.padEnd(width)}  ${cellText(value)}`));
}

function cellText(value: Cell): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' ? number(value) : plainLine(String(value));
}

/** With thousands separators, as in 12,345. */
export const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });

/** 2022-05-18T09:00:00.000Z as 2022-05-18 09:00:00. */
export const time = (iso: string | null | undefined): string | null =>
  iso ? iso.replace('T', ' ').replace(/(\.\d+)?Z$/, '') : null;

/** The same with its milliseconds, for a time that somebody may ask for again. */
export const exactTime = (iso: string | null | undefined): string | null =>
  iso ? iso.replace('T', ' ').replace(/Z$/, '') : null;

const trimmed = (text: string): string => text.replace(/[ \t]+$/gm, '');
