import { isOpen } from '../case-rows.js';
import type { CaseStatus } from './case-fields.js';

export const CASE_SORTS = ['priority', 'opened', 'changed'] as const;
export type CaseSort = (typeof CASE_SORTS)[number];

export const ORDERS = ['asc', 'desc'] as const;
export type Order = (typeof ORDERS)[number];

/** What is asked for: the most urgent, those that wait longest, those that changed last. */
const USUAL: Record<CaseSort, Order> = { priority: 'desc', opened: 'asc', changed: 'desc' };

const TIME_COLUMNS = ['due_at', 'opened_at'] as const;
type Column = 'priority' | 'position' | (typeof TIME_COLUMNS)[number];

/** The order of a list: by a column, then by the id, both in one direction; an index of the view has each. */
export interface CaseOrder {
  column: Column;
  isAscending: boolean;
}

/**
 * Cases that wait are usually listed in the order of their queues, others in that of their opening. A priority that grows
 * while a case waits is in the order of the due times, whose least belongs to the greatest.
 */
export function orderOf(status: CaseStatus | undefined, sort?: CaseSort, given?: Order): CaseOrder {
  const by = sort ?? (isOpen(status) ? 'priority' : 'opened');
  const order = given ?? USUAL[by];
  if (by === 'priority' && isOpen(status)) return { column: 'due_at', isAscending: order === 'desc' };
  const column = { priority: 'priority', opened: 'opened_at', changed: 'position' } as const;
  return { column: column[by], isAscending: order === 'asc' };
}

const isTime = (column: Column): boolean => TIME_COLUMNS.some((one) => one === column);

/** SQL: the place of a row in the order, as a cursor has it. */
export const placeIn = ({ column }: CaseOrder): string =>
  isTime(column) ? `(extract(epoch FROM ${column}) * 1000)::int8` : column;

/** SQL: what of a cursor is compared with the column. @param parameter its placeholder */
export const boundIn = ({ column }: CaseOrder, parameter: string): string =>
  isTime(column) ? `to_timestamp(${parameter}::float8 / 1000)` : `${parameter}::int8`;
