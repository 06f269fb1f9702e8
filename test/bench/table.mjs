import { whole } from './measure.mjs';

const HEADINGS = ['what', 'figure', 'yardstick', 'ratio', 'budget', 'verdict'];

/** A table for terminals and Markdown, followed by the conditions of each figure. */
export function printTable({ at, machine, measures, crashes, skipped, notBuilt }) {
  const lines = [
    HEADINGS,
    ...measures.map((measure) => [
      measure.what,
      `${shown(measure.figure)} ${measure.unit}`,
      measure.yardstick === undefined ? '-' : `${measure.against}: ${shown(measure.yardstick)}`,
      measure.ratio === undefined ? '-' : measure.ratio.toFixed(2),
      measure.budget,
      verdict(measure),
    ]),
    ...crashes.map(({ row }) => [row, '-', '-', '-', '-', 'CRASHED']),
    ...skipped.map(({ row, until }) => [row, '-', '-', '-', '-', until]),
    ...notBuilt.map((what) => [what, '-', '-', '-', '-', 'not built yet']),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const print = (cells) => console.log(`| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  console.log('');
  print(lines[0]);
  print(widths.map((width) => '-'.repeat(width)));
  for (const line of lines.slice(1)) print(line);
  console.log('');
  for (const measure of measures) console.log(`${measure.what}: ${measure.detail}`);
  for (const { row, error } of crashes) console.log(`${row} crashed: ${error}`);
  const gib = (machine.memoryBytes / 2 ** 30).toFixed(0);
  console.log(`${at.slice(0, 10)}, ${machine.cores} cores (${machine.cpu}), ${gib} GiB, Node ${machine.node}`);
}

/** A budget that names a size is neither met nor missed at a smaller one, whatever the figure. */
export function verdict({ met, small }) {
  if (met === undefined) return '-';
  return `${met ? 'met' : 'MISSED'}${small ? ', at a small size' : ''}`;
}

const shown = (value) => (value >= 100 ? whole(value) : value.toPrecision(3));
