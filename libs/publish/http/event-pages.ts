import type { EventSchemas } from '../../events/event-schemas.js';
import { flag, position } from '../../http/openapi/answer-schemas.js';
import { InvalidInput } from '../../kernel/errors.js';

/* What pages of events have in common. */

export const EVENT_TYPES = 'Event types, separated by commas.';

export const pageFields = {
  next: position('Give it as `after` for the next page.'),
  atHead: flag('Whether nothing more is there for now.'),
};

/** The types of a `types` parameter, all of them if there is none. @throws InvalidInput for an unknown type */
export function knownTypes(text: string | undefined, schemas: Pick<EventSchemas, 'definition'>): string[] | undefined {
  if (text === undefined) return undefined;
  const types = text.split(',').map((type) => type.trim());
  const unknown = types.filter((type) => !schemas.definition(type));
  if (unknown.length > 0)
    throw new InvalidInput([
      { field: 'types', message: `${unknown.join(', ')} is not an event type: see the catalogue of events` },
    ]);
  return types;
}
