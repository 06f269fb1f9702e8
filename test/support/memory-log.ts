import type { EventStore, StreamWrite, WriteResult } from '../../libs/event-store/event-store.js';
import type { RecordedEvent } from '../../libs/kernel/envelope.js';

/** A log in memory with what decisions and consumers use, for properties that need thousands of logs. */
export function memoryLog() {
  const events: RecordedEvent[] = [];
  const stream = (name: string) => events.filter((event) => event.stream === name);

  function write({ stream: name, expected, events: added }: StreamWrite): WriteResult {
    const revision = stream(name).length - 1;
    if (expected !== 'any' && (expected === 'no-stream' ? -1 : expected) !== revision) {
      return { outcome: 'wrong-expected-revision', actual: revision < 0 ? 'no-stream' : revision };
    }
    for (const [n, event] of added.entries()) {
      const place = { stream: name, revision: revision + 1 + n, position: events.length + 1 };
      events.push({ ...event, ...place, recordedAt: event.metadata.time });
    }
    return { outcome: 'appended', revision: revision + added.length, position: events.length, consecutive: true };
  }

  const store: Pick<EventStore, 'append' | 'readStream' | 'readAll' | 'readPositions'> = {
    append: async (writes) => writes.map(write),
    readPositions: async (positions) => positions.flatMap((position) => events[position - 1] ?? []),
    readStream: async (name, from = 0, limit = Number.MAX_SAFE_INTEGER) => stream(name).slice(from, from + limit),
    readAll: async (position, { including = false, limit = Number.MAX_SAFE_INTEGER } = {}) => {
      const page = events.slice(including ? position - 1 : position).slice(0, limit);
      const next = page.at(-1)?.position ?? position;
      return { events: page, next, atHead: next === events.length };
    },
  };
  return { events, store: store as EventStore };
}

/** The same store, and how often work reads its streams whose name begins so. */
export function countingReads(store: EventStore, prefix: string) {
  let reads = 0;
  const counting = Object.create(store) as EventStore;
  counting.readStream = (...asked) => {
    if (asked[0].startsWith(prefix)) reads++;
    return store.readStream(...asked);
  };
  return {
    counting,
    async readsOf(work: () => Promise<unknown>): Promise<number> {
      reads = 0;
      await work();
      return reads;
    },
  };
}
