import type { EventStore } from '../../libs/event-store/event-store.js';

/** A store that fails after some appends, like a process that was killed. */
export function dyingAfter(store: EventStore, appends: number): EventStore {
  let left = appends;
  const dying = Object.create(store) as EventStore;
  dying.append = async (writes) => {
    if (left-- <= 0) throw new Error('killed');
    return store.append(writes);
  };
  return dying;
}
