import { imageKey } from '../../event-store/personal-owners.js';
import { readPersonal } from '../../event-store/read-personal.js';
import type { EventSchemas } from '../../events/event-schemas.js';
import type { Actor, JsonObject, RecordedEvent } from '../../kernel/envelope.js';
import type { PersonKeys } from '../../platform/personal-data/person-keys.js';

/** Members that name who did something: others are not to be found out by it. */
const PEOPLE = new Set([
  ...['by', 'flaggedBy', 'reviewer', 'reviewers', 'from', 'to', 'addedBy', 'decidedBy', 'proposedBy'],
  // An event may concern many people, such as those who were onboarded together.
  ...['accountId', 'accounts', 'people', 'person'],
]);
const WITHHELD = 'withheld';
/** The kind of a stream: the rest of its name is an id, which may have hyphens too. */
const CATEGORY = /^(?:policy-use|review-settings|severe-viewers|[a-z]+)-/;
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

/** Whether an event says anything of the person. */
export function concerns({ person, caseIds }: Subject, { data, metadata, stream }: RecordedEvent): boolean {
  const isNamed = (value: unknown): boolean => {
    if (typeof value === 'string') return value === person || caseIds.has(value);
    return typeof value === 'object' && value !== null && Object.values(value).some(isNamed);
  };
  return metadata.actor?.id === person || stream.replace(CATEGORY, '') === person || isNamed(data);
}

/** An event with what the person wrote in clear, and without who else took part or what they wrote. */
export async function recordFor(
  { person }: Subject,
  event: RecordedEvent,
  schemas: EventSchemas,
  keys: PersonKeys,
): Promise<PersonRecord> {
  const definition = schemas.definition(event.type);
  const { personal } = definition ?? {};
  const data: JsonObject = {};
  for (const [name, value] of Object.entries(event.data)) {
    if (personal?.fields.includes(name as never)) {
      if (event.data[personal.person] !== person) data[name] = WITHHELD;
      else data[name] = (await readPersonal(keys, event, definition!, name)).text ?? UNREADABLE;
    } else data[name] = PEOPLE.has(name) ? withoutOthers(value, person) : value;
  }
  const { position, type, metadata } = event;
  return { position: String(position), type, time: metadata.time, by: whoFor(metadata.actor, person), data };
}

const whoFor = (actor: Actor, person: string): string =>
  actor.kind === 'user' && actor.id !== person ? WITHHELD : actor.id;

function withoutOthers(value: unknown, person: string): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutOthers(one, person));
  return typeof value !== 'string' || value === person ? value : WITHHELD;
}
