import type { EventDefinition } from '../events/event-definition.js';
import type { NewEvent, Position, RecordedEvent } from '../kernel/envelope.js';
import { isEncrypted } from '../platform/personal-data/encrypted-text.js';
import { type Encryption, PersonKeyDamaged, type PersonKeys } from '../platform/personal-data/person-keys.js';
import {
  type EventStore,
  EventsRefused,
  type NextOptions,
  type Page,
  type ReadAllOptions,
  type StreamWrite,
  type WriteResult,
} from './event-store.js';
import { ownersOf } from './personal-owners.js';

/** The associated data of an encrypted text: it can't be decrypted anywhere else. */
export const encryptionContext = (stream: string, eventId: string, field: string): string =>
  `${stream}:${eventId}:${field}`;

type Personal = NonNullable<EventDefinition['personal']>;

/** Encrypts the personal fields of events before they are stored; they stay encrypted when read. */
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

  readPositions(positions: readonly Position[]): Promise<RecordedEvent[]> {
    return this.store.readPositions(positions);
  }

  head(): Promise<Position> {
    return this.store.head();
  }

  readNext(after: Position, options: NextOptions): Promise<Page> {
    return this.store.readNext(after, options);
  }

  placesOf(ids: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    return this.store.placesOf(ids);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /**
   * Encrypts all fields of all events of the call in one batch; does not change the callers' events.
   * @throws EventsRefused for events of people whose keys are damaged
   */
  private async seal(writes: readonly StreamWrite[]): Promise<readonly StreamWrite[]> {
    const encryptions: Encryption[] = [];
    const places: { event: NewEvent; field: string }[] = [];
    for (const { stream, events } of writes) {
      for (const event of events) {
        const personal = this.personal.get(event.type);
        if (!personal) continue;
        for (const field of personal.fields) {
          const plaintext = event.data[field];
          if (typeof plaintext !== 'string' || isEncrypted(plaintext)) continue;
          if (typeof event.data[personal.person] !== 'string')
            throw new Error(
              `${event.type} ${event.id} has ${field} but no ${personal.person} that it belongs to: set both`,
            );
          encryptions.push({
            ...ownersOf(personal, event.data, field),
            plaintext,
            aad: encryptionContext(stream, event.id, field),
          });
          places.push({ event, field });
        }
      }
    }
    if (encryptions.length === 0) return writes;

    const encrypted = await this.keys.encryptMany(encryptions).catch((error) => {
      if (!(error instanceof PersonKeyDamaged)) throw error;
      const affected = places.filter((_, i) => error.people.has(encryptions[i]!.person));
      throw new EventsRefused(new Set(affected.map(({ event }) => event.id)), error);
    });
    const changed = new Map<NewEvent, NewEvent>();
    places.forEach(({ event, field }, i) => {
      const copy = changed.get(event) ?? { ...event, data: { ...event.data } };
      copy.data[field] = encrypted[i];
      changed.set(event, copy);
    });
    return writes.map((write) => ({ ...write, events: write.events.map((event) => changed.get(event) ?? event) }));
  }
}
