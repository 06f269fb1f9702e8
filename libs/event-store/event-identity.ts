import type { NewEvent, Position, RecordedEvent } from '../kernel/envelope.js';
import { Refusal } from '../kernel/errors.js';
import type { EventStore } from './event-store.js';

/** The log has another event with the same id. */
export class IdInUse extends Refusal {
  constructor({ id, type, metadata: { source, subject } }: NewEvent) {
    super('id-in-use', `${id} is ${type} of ${source} about ${subject} here; send this event under an id of its own`);
  }
}

/** True if two events with one id are the same event. Source and id identify an event; a reused id differs in the rest. */
export const isSameEvent = (one: NewEvent, other: NewEvent): boolean =>
  one.type === other.type &&
  one.metadata.source === other.metadata.source &&
  one.metadata.subject === other.metadata.subject;

const MAX_PAGE_EVENTS = 1_000;

/**
 * Events by id.
 * @param places the position of each, or an upper bound: the end of the write that it was stored with
 */
export async function eventsAt(
  store: EventStore,
  places: ReadonlyMap<string, Position>,
): Promise<Map<string, RecordedEvent>> {
  const found = new Map<string, RecordedEvent>();
  const collect = (events: readonly RecordedEvent[]) => {
    const before = found.size;
    for (const event of events) if (places.has(event.id)) found.set(event.id, event);
    return found.size - before;
  };
  let limit = 1;
  for (const [id, position] of [...places].sort(([, a], [, b]) => a - b)) {
    if (found.has(id)) continue;
    const { events } = await store.readAll(position, { including: true, limit });
    // Events that arrived together are stored together: the more of a page was needed, the larger the next one.
    limit = collect(events) * 2 > limit ? Math.min(limit * 2, MAX_PAGE_EVENTS) : 1;
    let last = events[0]?.position === position ? events[0] : undefined;
    while (last && last.revision > 0 && !found.has(id)) {
      const from = Math.max(0, last.revision - MAX_PAGE_EVENTS);
      const before = await store.readStream(last.stream, from, last.revision - from);
      collect(before);
      last = before[0];
    }
  }
  return found;
}
