import { line, lines, type Shown } from './plain-text.js';

/** Rows as CSV by RFC 4180, without a last line break, which the terminal adds. */
export const csv = (head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): Shown =>
  lines([head, ...rows].map((row) => line`${row.map(csvCell).join(',')}`));

/** What a spreadsheet may run as a formula begins so, and so does what was kept from it. */
const UNSAFE = /^['=+\-@\t\r\n]/;

/**
 * A cell of CSV by RFC 4180: null is empty, an empty string is `""`. One that a spreadsheet may run as a formula, and one
 * that begins with an apostrophe, gets an apostrophe before it, which a reader of the file removes; numbers stay as they are.
 */
export function csvCell(value: unknown): string {
  return exactCell(typeof value === 'string' && UNSAFE.test(value) ? `'${value}` : value);
}

/** The same without the apostrophe, for a file that a program reads, as one that sends mail: it would be part of the address. */
export function exactCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line of a CSV file by RFC 4180. Null is an empty field. */
export const csvLine = (values: readonly unknown[]): string => `${values.map(csvCell).join(',')}\r\n`;
