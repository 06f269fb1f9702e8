import type { EventDefinition } from '../events/event-definition.js';
import { dataClassOf } from '../platform/personal-data/data-class.js';
import type { Owners } from '../platform/personal-data/person-keys.js';

/** The name of an image's key. No account id contains a slash. */
export const imageKey = (imageId: string): string => `image/${imageId}`;

/** Whose a personal field of an event is. */
export function ownersOf(
  { person, about }: NonNullable<EventDefinition['personal']>,
  data: Record<string, unknown>,
  field: string,
): Owners {
  const image = about && data[about];
  return {
    person: data[person] as string,
    about: typeof image === 'string' ? imageKey(image) : undefined,
    dataClass: dataClassOf(field),
  };
}
