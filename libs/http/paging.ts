import { Query } from '@nestjs/cqrs';
import { Type } from 'class-transformer';
import { IsInt, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { InvalidInput } from '../kernel/errors.js';
import { isEntityId } from '../kernel/text-forms.js';
import { IfGiven, Means } from './field-rules.js';

/** The latest time that both Date and PostgreSQL support, in epoch milliseconds; positions are below it too. */
const GREATEST = 8_640_000_000_000_000;

/** `limit` and `cursor` of every list; its route names its views by FromViews; a list that the query bus answers extends it. */
export class PageQuery<Answer = unknown> extends Query<Answer> {
  @Means('Maximum number of items; 100 by default.')
  @IfGiven()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 100;

  @Means('The `nextCursor` of the previous page.')
  @IfGiven()
  @IsString()
  @MaxLength(600)
  @Matches(/^[A-Za-z0-9_-]+$/, { message: 'must be the nextCursor of an earlier answer' })
  cursor?: string;
}

export interface Page<Item> {
  items: Item[];
  /** Absent on the last page. */
  nextCursor?: string;
  /** Of the views that it comes from; ViewPositions adds it. */
  position?: string;
}

export type CursorPart = 'number' | 'id';

/**
 * Parses a cursor: the sort key of the last item before the page.
 * @throws InvalidInput if it is not a nextCursor of a list with this sort key
 */
export function readCursor(cursor: string | undefined, form: readonly CursorPart[]): (string | number)[] | undefined {
  if (cursor === undefined) return undefined;
  const parts = parsed(cursor);
  const fits = Array.isArray(parts) && parts.length === form.length && form.every((kind, i) => isPart(kind, parts[i]));
  if (!fits) throw new InvalidInput([{ field: 'cursor', message: 'must be the nextCursor of an earlier answer' }]);
  return parts;
}

/**
 * A page from rows that were queried with one more than the limit.
 * @param keyOf the sort key of an item
 */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => readonly (string | number)[],
): Page<Item> {
  const items = rows.slice(0, limit).map(toItem);
  if (rows.length <= limit) return { items };
  const key = keyOf(rows[limit - 1]!);
  return { items, nextCursor: Buffer.from(JSON.stringify(key)).toString('base64url') };
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function isPart(kind: CursorPart, part: unknown): boolean {
  if (kind === 'id') return typeof part === 'string' && isEntityId(part);
  return Number.isSafeInteger(part) && Math.abs(part as number) <= GREATEST && (part as number) >= 0;
}
