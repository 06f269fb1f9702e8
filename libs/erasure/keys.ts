import type { DataOf } from '../events/event-definition.js';
import type { StreamKind } from '../kernel/decider.js';
import { type KeyEvent, type KeysDestroyed, keyEvents } from './events.js';

/** The newest destruction of keys. The kind has a single stream, `keys`. */
export interface Keys {
  last?: DataOf<typeof KeysDestroyed>;
}

export const keysStream: StreamKind<Keys, KeyEvent> = {
  category: 'keys',
  events: keyEvents,
  initial: {},
  evolve: (_, { data }) => ({ last: data }),
};

/** A no-op if the last event says so: its process ended before it could go on. */
export function noteDestroyed({ last }: Keys, data: DataOf<typeof KeysDestroyed>): KeyEvent[] {
  const isNoted =
    last !== undefined &&
    last.keyEpoch === data.keyEpoch &&
    last.dataClass === data.dataClass &&
    last.through === data.through &&
    data.people.every((one) => last.people.includes(one));
  if (isNoted) return [];
  // The last event has the newest epoch, also if two processes destroy keys and note it in the other order.
  return [{ type: 'KeysDestroyed', data: { ...data, keyEpoch: Math.max(data.keyEpoch, last?.keyEpoch ?? 0) } }];
}
