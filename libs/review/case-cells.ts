import type { Closed, Origin } from './case.js';
import { isOpen } from './case-rows.js';

/** What cases have in common that are counted together. */
export interface CaseCell {
  /** One of the categories that the case shows; null in the cell that counts it with any categories. */
  category: string | null;
  /** `waiting` for open and claimed ones: which of the two it is, the clock says. */
  status: 'waiting' | Closed;
  queue: string;
  origin: Origin;
  /** Of one that waits. */
  isEscalated: boolean;
  /** One of ours who judged the round; null in the cell that counts it with any reviewers. */
  reviewer: string | null;
}

/** The row of a case, as far as it is counted by. */
export interface CountedCase {
  categories: readonly string[];
  status: 'open' | 'claimed' | Closed;
  queue: string;
  origin: Origin;
  is_escalated: boolean;
  reviewers: readonly string[];
}

/** No label and no id has it. */
const SEPARATOR = '\u001f';
const PREFIX = `cell${SEPARATOR}`;
const part = (place: number): string => `split_part(bucket, E'\\x1f', ${place})`;

/** SQL: whether a counter is that of a cell; the condition of the index of cells. */
export const IS_CELL = `starts_with(bucket, E'cell\\x1f')`;
/** SQL: the category and the reviewer of a cell; empty for null. */
export const CELL_CATEGORY = part(2);
export const CELL_REVIEWER = part(7);
/** The index of cells; of the other counters it has none. */
export const CELL_INDEX = `((${CELL_CATEGORY}), (${CELL_REVIEWER})) WHERE ${IS_CELL}`;

const bucketOf = ({ category, status, queue, origin, isEscalated, reviewer }: CaseCell): string =>
  PREFIX + [category ?? '', status, queue, origin, isEscalated ? 'escalated' : '', reviewer ?? ''].join(SEPARATOR);

/** The cell of a counter's bucket. */
export function cellOf(bucket: string): CaseCell {
  const [category, status, queue, origin, escalated, reviewer] = bucket.slice(PREFIX.length).split(SEPARATOR);
  return {
    category: category || null,
    status: status as CaseCell['status'],
    queue: queue!,
    origin: origin as Origin,
    isEscalated: escalated === 'escalated',
    reviewer: reviewer || null,
  };
}

/** The cells that count a case: for each of its categories and none, with each of its reviewers and none. */
export function cellsOf({ categories, status, queue, origin, is_escalated, reviewers }: CountedCase): CaseCell[] {
  const isWaiting = isOpen(status);
  const shared = { status: isWaiting ? ('waiting' as const) : status, queue, origin };
  return [null, ...categories].flatMap((category) =>
    [null, ...reviewers].map((reviewer) => ({
      ...{ category, ...shared, isEscalated: isWaiting && is_escalated, reviewer },
    })),
  );
}

/** The counters of the cells of a case. */
export const cellCounts = (row: CountedCase): { bucket: string; amounts: { cases: number } }[] =>
  cellsOf(row).map((cell) => ({ bucket: bucketOf(cell), amounts: { cases: 1 } }));
