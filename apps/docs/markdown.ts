/* Markdown in the form that the repository's formatter produces, so that formatting doesn't change generated files. */

const CELL_BORDER = /(?<!\\)\|/;

/** Aligns the columns of the tables. */
export function withAlignedTables(markdown: string): string {
  return markdown.replace(/(?:^\|.*\n?)+/gm, (table) => {
    const end = table.endsWith('\n') ? '\n' : '';
    const rows = table.trimEnd().split('\n').map(cellsOf);
    const widths = rows[0]!.map((_, column) =>
      Math.max(3, ...rows.map((row) => (isRule(row) ? 3 : (row[column] ?? '').length))),
    );
    const line = (row: string[]) =>
      `| ${widths.map((width, column) => (isRule(row) ? '-'.repeat(width) : (row[column] ?? '').padEnd(width))).join(' | ')} |`;
    return rows.map(line).join('\n') + end;
  });
}

const cellsOf = (line: string): string[] =>
  line
    .split(CELL_BORDER)
    .slice(1, -1)
    .map((cell) => cell.trim());

const isRule = (row: readonly string[]): boolean => row.every((cell) => /^-+$/.test(cell));

/** Escapes text for a table cell. */
export const cell = (text: string): string => text.replaceAll('|', '\\|');

/** A block of JSON with one line per member of an object, and arrays on one line unless they have objects. */
export function jsonBlock(value: unknown): string {
  return ['```json', jsonLines(value, ''), '```'].join('\n');
}

function jsonLines(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (!value.some(isObject)) return `[${value.map((one) => jsonLines(one, indent)).join(', ')}]`;
    return `[\n${value.map((one) => deeper + jsonLines(one, deeper)).join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value).map(
    ([name, one]) => `${deeper}${JSON.stringify(name)}: ${jsonLines(one, deeper)}`,
  );
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
