import { IsString, Matches, MaxLength } from 'class-validator';
import { IfGiven, Means } from '../../http/field-rules.js';
import { Listing } from '../../http/paging.js';
import type { Position } from '../../kernel/envelope.js';

/** `cursor` of a list in the order of the log. */
export class AfterQuery {
  @Means('The `nextCursor` of the previous page.')
  @IfGiven()
  @IsString()
  @MaxLength(600)
  @Matches(/^[A-Za-z0-9_-]+$/, { message: 'must be the nextCursor of an earlier answer' })
  cursor?: string;
}

/** Each is a part of the one order of the log, so that their cursors are alike. */
const listing = new Listing('events');

/** The position after which a page begins. @throws InvalidInput if it is not a nextCursor of such a list */
export function afterOf({ cursor }: AfterQuery): Position {
  const [position = 0] = listing.after(cursor, ['number']) ?? [];
  return position as Position;
}

export const cursorAfter = (position: Position): string => listing.cursorAfter([position]);
