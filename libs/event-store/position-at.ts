import type { Position, RecordedEvent } from '../kernel/envelope.js';
import { type EventStore, UnknownPosition } from './event-store.js';

const PAGE = 5_000;

/**
 * The position of the last event that was stored by a time; 0 for none. The log has its events in the order of their storing,
 * so the place is found in some dozens of reads, or in one pass over a log in which only some numbers are positions.
 * @param time epoch milliseconds
 */
export async function positionAt(store: EventStore, time: number): Promise<Position> {
  try {
    return await searched(store, time);
  } catch (error) {
    if (!(error instanceof UnknownPosition)) throw error;
    return scanned(store, time);
  }
}

async function searched(store: EventStore, time: number): Promise<Position> {
  let [last, beyond] = [0, (await store.head()) + 1];
  while (beyond - last > 1) {
    const middle = Math.floor((last + beyond) / 2);
    const [next] = (await store.readAll(middle - 1, { limit: 1 })).events;
    if (!next || next.position >= beyond || isLater(next, time)) beyond = middle;
    else last = next.position;
  }
  return last;
}

async function scanned(store: EventStore, time: number): Promise<Position> {
  for (let last = 0, after = 0; ; ) {
    const { events, next, atHead } = await store.readAll(after, { limit: PAGE });
    const later = events.findIndex((event) => isLater(event, time));
    last = (later < 0 ? events : events.slice(0, later)).at(-1)?.position ?? last;
    if (later >= 0 || atHead) return last;
    after = next;
  }
}

const isLater = ({ recordedAt }: RecordedEvent, time: number): boolean => Date.parse(recordedAt) > time;
