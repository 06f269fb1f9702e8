import type { EventDefinition } from '../events/event-definition.js';
import type { NewEvent, Position, RecordedEvent } from '../kernel/envelope.js';
import { type Encryption, isEncrypted, type PersonKeys } from '../platform/personal-data/person-keys.js';
import type { EventStore, NextOptions, Page, ReadAllOptions, StreamWrite, WriteResult } from './event-store.js';

/** What a sealed text is bound to: it opens nowhere else. */
export const encryptionContext = (stream: string, eventId: string, field: string): string =>
  `${stream}:${eventId}:${field}`;

type Personal = NonNullable<EventDefinition['personal']>;

/** Seals the personal fields of events just before they are stored; what is read stays sealed. */
export class EncryptingEventStore implements EventStore {
  private readonly personal: ReadonlyMap<string, Personal>;

  constructor(
    private readonly store: EventStore,
    private readonly keys: PersonKeys,
    definitions: readonly Pick<EventDefinition, 'type' | 'personal'>[],
  ) {
    this.personal = new Map(definitions.flatMap(({ type, personal }) => (personal ? [[type, personal]] : [])));
  }

  async append(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    return this.store.append(await this.seal(writes));
  }

  readStream(stream: string, from?: number, limit?: number): Promise<RecordedEvent[]> {
    return this.store.readStream(stream, from, limit);
  }

  readStreamTail(stream: string, limit: number): Promise<RecordedEvent[]> {
    return this.store.readStreamTail(stream, limit);
  }

  readAll(after: Position, options?: ReadAllOptions): Promise<Page> {
    return this.store.readAll(after, options);
  }

  head(): Promise<Position> {
    return this.store.head();
  }

  readNext(after: Position, options: NextOptions): Promise<Page> {
    return this.store.readNext(after, options);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** Every field of every event of the call in one batch; callers' events are not changed. */
  private async seal(writes: readonly StreamWrite[]): Promise<readonly StreamWrite[]> {
    const sealings: Encryption[] = [];
    const places: { event: NewEvent; field: string }[] = [];
    for (const { stream, events } of writes) {
      for (const event of events) {
        const personal = this.personal.get(event.type);
        if (!personal) continue;
        for (const field of personal.fields) {
          const plaintext = event.data[field];
          if (typeof plaintext !== 'string' || isEncrypted(plaintext)) continue;
          const person = event.data[personal.person];
          if (typeof person !== 'string')
            throw new Error(`${event.type} ${event.id} has ${field}, but no ${personal.person} whose it is`);
          sealings.push({ person, plaintext, aad: encryptionContext(stream, event.id, field) });
          places.push({ event, field });
        }
      }
    }
    if (sealings.length === 0) return writes;

    const sealed = await this.keys.encryptMany(sealings);
    const changed = new Map<NewEvent, NewEvent>();
    places.forEach(({ event, field }, i) => {
      const copy = changed.get(event) ?? { ...event, data: { ...event.data } };
      copy.data[field] = sealed[i];
      changed.set(event, copy);
    });
    return writes.map((write) => ({ ...write, events: write.events.map((event) => changed.get(event) ?? event) }));
  }
}
