import type { EventStore } from '../../event-store/event-store.js';
import { isOf, type RecordedOf } from '../../events/event-definition.js';
import { caseStream } from '../case.js';
import { ReviewConfirmed } from '../events.js';

/** The event that confirmed a case; undefined if it is not confirmed, or unknown here. */
export async function confirmationOf(
  store: EventStore,
  caseId: string,
): Promise<RecordedOf<typeof ReviewConfirmed> | undefined> {
  const events = await store.readStream(`${caseStream.category}-${caseId}`);
  return events.filter((event) => isOf(ReviewConfirmed, event)).at(-1);
}
