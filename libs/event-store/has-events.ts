import type { EventStore } from './event-store.js';

/** Whether the log has an event. */
export async function hasEvents(store: Pick<EventStore, 'readAll'>): Promise<boolean> {
  // A page may be empty although there is more behind it.
  for (let after = 0; ; ) {
    const { events, next, atHead } = await store.readAll(after, { limit: 1 });
    if (events.length > 0 || atHead) return events.length > 0;
    after = next;
  }
}
