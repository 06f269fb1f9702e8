import { systemClock, toIso } from '../kernel/clock.js';
import type { JsonObject, NewEvent } from '../kernel/envelope.js';
import { timeOrderedIds } from '../kernel/ids.js';
import type { EventStore } from './event-store.js';

const ids = timeOrderedIds(systemClock);
export const unique = (category: string) => `${category}-${ids.next()}`;

export function newEvent(type = 'Tested', data: JsonObject = {}, id = ids.next()): NewEvent {
  return {
    id,
    type,
    data,
    metadata: {
      source: '/test',
      subject: 'image-1',
      time: toIso(systemClock.now()),
      schemaversion: 1,
      correlationid: id,
      actor: { kind: 'service', id: 'contract' },
    },
  };
}

export const newEvents = (count: number, type?: string) =>
  Array.from({ length: count }, (_, n) => newEvent(type, { n }));

export async function appendOne(store: EventStore, ...write: [string, number | 'no-stream' | 'any', NewEvent[]]) {
  const [result] = await store.append([{ stream: write[0], expected: write[1], events: write[2] }]);
  return result!;
}
