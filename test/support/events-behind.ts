import type { EventStore } from '../../libs/event-store/event-store.js';
import type { Position, RecordedEvent } from '../../libs/kernel/envelope.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';

/** Reads `count` events after a position as they arrive. */
export async function eventsBehind(store: EventStore, after: Position, count: number): Promise<RecordedEvent[]> {
  const stop = new AbortController();
  const events: RecordedEvent[] = [];
  for await (const page of new LogTail(store).subscribe(after, { signal: stop.signal })) {
    events.push(...page.events);
    if (events.length >= count) stop.abort();
  }
  return events;
}
