import { imageKey } from '../../event-store/personal-owners.js';
import { readPersonal } from '../../event-store/read-personal.js';
import type { EventSchemas } from '../../events/event-schemas.js';
import { withPeople } from '../../history/index.js';
import type { Actor, JsonObject, RecordedEvent } from '../../kernel/envelope.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';

const WITHHELD = 'withheld';
const UNREADABLE = 'erased';

export interface PersonRecord {
  position: string;
  type: string;
  time: string;
  /** `withheld` for anybody else. */
  by: string;
  data: JsonObject;
}

/** What is looked for: the person, and the ids of their images that were flagged, which are those of the cases. */
export interface Subject {
  person: string;
  caseIds: ReadonlySet<string>;
}

export const subjectOf = (person: string, keys: readonly string[]): Subject => ({
  person,
  caseIds: new Set(keys.filter((key) => key !== person).map((key) => key.slice(imageKey('').length))),
});

/** An event with what the person wrote in clear, and without who else took part or what they wrote. */
export async function recordFor(
  { person }: Subject,
  event: RecordedEvent,
  schemas: EventSchemas,
  keys: PersonKeys,
): Promise<PersonRecord> {
  const definition = schemas.definition(event.type);
  const { personal } = definition ?? {};
  const data = withPeople(event.data, (id) => (id === person ? id : WITHHELD));
  for (const name of personal?.fields ?? []) {
    if (data[name] === undefined) continue;
    const isOwn = event.data[personal!.person] === person;
    data[name] = isOwn ? ((await readPersonal(keys, event, definition!, name)).text ?? UNREADABLE) : WITHHELD;
  }
  const { position, type, metadata } = event;
  return { position: String(position), type, time: metadata.time, by: whoFor(metadata.actor, person), data };
}

const whoFor = (actor: Actor, person: string): string =>
  actor.kind === 'user' && actor.id !== person ? WITHHELD : actor.id;
