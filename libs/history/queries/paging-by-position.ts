import { IfGiven, IsCursor } from '../../http/field-rules.js';
import type { Listing } from '../../http/paging.js';
import type { Position, RecordedEvent } from '../../kernel/envelope.js';

/** `cursor` of a list in the order of the log. */
export class AfterQuery {
  @IfGiven()
  @IsCursor('The `nextCursor` of the previous page.')
  cursor?: string;
}

/** The position after which a page begins. @throws InvalidInput if the cursor is none of this list as it was asked for */
export function afterOf(listing: Listing, cursor: string | undefined): Position {
  const [position = 0] = listing.after(cursor, ['number']) ?? [];
  return position as Position;
}

/** The cursor of the page behind one of events in the order of the log. */
export function cursorBehind(
  listing: Listing,
  { events, isLast }: { events: readonly RecordedEvent[]; isLast: boolean },
): { nextCursor?: string } {
  const rows = isLast ? events : [...events, events.at(-1)!];
  const { nextCursor } = listing.page(
    rows,
    events.length,
    ({ id }) => id,
    ({ position }) => [position],
  );
  return nextCursor === undefined ? {} : { nextCursor };
}
