import { eventsAt, isFormerEvent } from '../event-store/event-identity.js';
import type { EventStore } from '../event-store/event-store.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import type { IncomingEvent } from './incoming-event.js';

/** Facts that an earlier version stored under the sender's UUID itself. */
export class FormerFacts {
  /** @param mayExist false if the log has no event of an earlier version: then nothing is looked up */
  constructor(
    private readonly store: EventStore,
    private readonly mayExist: boolean,
  ) {}

  /** @returns the stored event of each of these that was stored so */
  async of(events: readonly IncomingEvent[]): Promise<ReadonlyMap<IncomingEvent, RecordedEvent>> {
    const found = new Map<IncomingEvent, RecordedEvent>();
    const ids = this.mayExist ? events.flatMap(({ formerIdentity }) => formerIdentity ?? []) : [];
    if (ids.length === 0) return found;
    const stored = await eventsAt(this.store, await this.store.placesOf(ids));
    for (const event of events) {
      const former = stored.get(event.formerIdentity ?? '');
      if (former && isFormerEvent(former, event.source)) found.set(event, former);
    }
    return found;
  }
}
