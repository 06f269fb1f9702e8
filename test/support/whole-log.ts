import type { EventStore } from '../../libs/event-store/event-store.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';

/** Everything stored by now, of these types or of all. A single page may end early if another process wrote the last events. */
export async function wholeLog(store: EventStore, types: readonly string[] = []): Promise<RecordedEvent[]> {
  const head = await store.head();
  const events: RecordedEvent[] = [];
  for (let position = 0; position < head; ) {
    const page = await store.readAll(position, { limit: 10_000, ...(types.length > 0 && { types }) });
    events.push(...page.events);
    position = page.next;
  }
  return events;
}
