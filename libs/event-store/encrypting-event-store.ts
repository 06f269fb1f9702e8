import type { EventDefinition } from '../events/event-definition.js';
import type { NewEvent } from '../kernel/envelope.js';
import { isEncrypted } from '../platform/personal-data/encrypted-text.js';
import { type Encryption, PersonKeyDamaged, type PersonKeys } from '../platform/personal-data/person-keys.js';
import { type EventStore, EventsRefused, type StreamWrite, type WriteResult } from './event-store.js';
import { ForwardingEventStore } from './forwarding-event-store.js';
import { ownersOf } from './personal-owners.js';

/** The associated data of an encrypted text: it can't be decrypted anywhere else. */
export const encryptionContext = (stream: string, eventId: string, field: string): string =>
  `${stream}:${eventId}:${field}`;

type Personal = NonNullable<EventDefinition['personal']>;

/** Encrypts the personal fields of events before they are stored; they stay encrypted when read. */
export class EncryptingEventStore extends ForwardingEventStore {
  private readonly personal: ReadonlyMap<string, Personal>;

  constructor(
    store: EventStore,
    private readonly keys: PersonKeys,
    definitions: readonly Pick<EventDefinition, 'type' | 'personal'>[],
  ) {
    super(store);
    this.personal = new Map(definitions.flatMap(({ type, personal }) => (personal ? [[type, personal]] : [])));
  }

  override async append(writes: readonly StreamWrite[]): Promise<WriteResult[]> {
    return this.store.append(await this.seal(writes));
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
