import { line, lines, type Shown } from '../../cli/rendering/plain-text.js';
import type { SeriesAnswer } from '../queries/gate-series.js';
import { share } from './gate-text.js';

const HEIGHT = 15;
const MOST_COLUMNS = 60;
/** Rates below it are drawn at the bottom: a logarithm has no 0. */
const DECADES_BELOW = 1;

/**
 * The confidence sequence against the limit, on a logarithmic scale: `┬` the upper bound, `┴` the lower one, `│` between them and
 * `─` the limit. One column a day, or for several if there are too many.
 */
export function seriesChart({ limit, points }: SeriesAnswer): Shown {
  if (points.length === 0) return line`No exposure of this stage is old enough to count.`;
  const every = Math.ceil(points.length / MOST_COLUMNS);
  const drawn = points.filter((_, i) => (points.length - 1 - i) % every === 0);
  const top = Math.log10(Math.min(1, Math.max(limit * 10, ...drawn.map(({ upper }) => upper))));
  const bottom = Math.log10(limit) - DECADES_BELOW;
  const rowOf = (rate: number) => {
    const part = rate <= 0 ? 0 : (Math.log10(rate) - bottom) / (top - bottom);
    return Math.round(Math.min(1, Math.max(0, part)) * (HEIGHT - 1));
  };
  const limitRow = rowOf(limit);
  const rows = Array.from({ length: HEIGHT }, (_, i) => {
    const row = HEIGHT - 1 - i;
    const cells = drawn.map(({ lower, upper }) => cellOf(row, rowOf(lower), rowOf(upper), limitRow));
    return line`${labelOf(row, top, bottom, limitRow, limit).padStart(9)} ${cells.join('')}`;
  });
  const first = drawn[0]!.day;
  const last = drawn.at(-1)!;
  return lines([
    ...rows,
    line`${''.padStart(9)} ${first}${drawn.length > 1 ? ` to ${last.day}` : ''}${every > 1 ? `, every ${every} days with exposures` : ''}`,
    line`Violation rate of the stage: at most ${share(last.upper)} if every flag that waits is a violation, limit ${share(limit)}.`,
  ]);
}

function cellOf(row: number, low: number, high: number, limit: number): string {
  if (row === high) return '┬';
  if (row === low) return '┴';
  if (row === limit) return '─';
  return row < high && row > low ? '│' : ' ';
}

function labelOf(row: number, top: number, bottom: number, limitRow: number, limit: number): string {
  if (row === limitRow) return share(limit);
  return row === 0 || row === HEIGHT - 1 ? share(10 ** (bottom + ((top - bottom) * row) / (HEIGHT - 1))) : '';
}
