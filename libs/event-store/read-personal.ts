import type { EventDefinition } from '../events/event-definition.js';
import type { RecordedEvent } from '../kernel/envelope.js';
import { Unreadable } from '../platform/personal-data/encrypted-text.js';
import type { PersonKeys } from '../platform/personal-data/person-keys.js';
import { encryptionContext } from './encrypting-event-store.js';
import { ownersOf } from './personal-owners.js';

/** A personal field of a stored event. */
export interface PersonalText {
  /** Null if the event has none, or it can't be read any more. */
  text: string | null;
  /** Whether it can't be read any more: the person's key was destroyed. */
  isErased: boolean;
}

/** Decrypts a personal field of an event. */
export async function readPersonal<Definition extends Pick<EventDefinition, 'personal'>>(
  keys: PersonKeys,
  { id, stream, data }: Pick<RecordedEvent, 'id' | 'stream'> & { data: object },
  { personal }: Definition,
  field: string,
): Promise<PersonalText> {
  const values = data as Record<string, unknown>;
  const encrypted = values[field];
  if (typeof encrypted !== 'string') return { text: null, isErased: false };
  try {
    const text = await keys.decrypt(
      ownersOf(personal!, values, field),
      encrypted,
      encryptionContext(stream, id, field),
    );
    return { text, isErased: false };
  } catch (error) {
    if (error instanceof Unreadable) return { text: null, isErased: true };
    throw error;
  }
}
