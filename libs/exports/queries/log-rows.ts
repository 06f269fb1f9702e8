import type { EventStore } from '../../event-store/event-store.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { Range, Row, RowPage } from './dataset.js';

/** Reads in a row if the wanted types are rare, so that a page is answered in time. */
const MOST_READS = 20;

/** One row for each event of the range, in the order of the log. @param types all by default */
export async function pageOfLog(
  store: Pick<EventStore, 'readAll'>,
  { after, to }: Range,
  place: string | undefined,
  limit: number,
  rowOf: (event: RecordedEvent) => Row,
  types?: readonly string[],
): Promise<RowPage> {
  const rows: Row[] = [];
  let last = place === undefined ? after : positionOfPlace(place);
  for (let reads = 0; reads < MOST_READS && rows.length < limit && last < to; reads++) {
    const { events, next } = await store.readAll(last, { limit: limit - rows.length, ...(types && { types }) });
    for (const event of events) if (event.position <= to) rows.push(rowOf(event));
    // Nothing follows: the range ends beyond the log only if the log was cut off.
    if (next === last) break;
    last = next;
  }
  return last < to ? { rows, next: String(last) } : { rows };
}

function positionOfPlace(place: string): number {
  const position = Number(place);
  if (/^\d+$/.test(place) && Number.isSafeInteger(position)) return position;
  throw new InvalidInput([{ field: 'place', message: 'must be the next of an earlier page of this export' }]);
}
