import { line, lines, type Shown } from './plain-text.js';

/** Rows as CSV by RFC 4180, without a last line break, which the terminal adds. */
export const csv = (head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): Shown =>
  lines([head, ...rows].map((row) => line`${row.map(field).join(',')}`));

const field = (value: string | number | null): string => {
  const text = String(value ?? '');
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
