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

/** An event is a list of fields in every release: what they are called names nobody. */
const ANY_EVENT: Schema = { properties: {} };

/**
 * An event with what the person wrote in clear, and without who else took part or what they wrote. A member that no schema
 * knows, as one of another release, may name anybody: its strings are withheld too, and the names in it, since it may be a map.
 */
export async function recordFor(
  { person, caseIds }: Subject,
  event: RecordedEvent,
  schemas: EventSchemas,
  keys: PersonKeys,
): Promise<PersonRecord> {
  const definition = schemas.definition(event.type);
  const { personal } = definition ?? {};
  const own = (id: string) => (id === person || caseIds.has(id) ? id : WITHHELD);
  const data = withPeople(withoutUnknown(event.data, definition?.schema ?? ANY_EVENT, own) as JsonObject, own);
  for (const name of personal?.fields ?? []) {
    if (data[name] === undefined) continue;
    const isOwn = event.data[personal!.person] === person;
    data[name] = isOwn ? ((await readPersonal(keys, event, definition!, name)).text ?? UNREADABLE) : WITHHELD;
  }
  const { position, type, metadata } = event;
  return { position: String(position), type, time: metadata.time, by: whoFor(metadata.actor, person), data };
}

interface Schema {
  properties?: Readonly<Record<string, Schema>>;
  items?: Schema;
  anyOf?: readonly Schema[];
}

/** @param schema undefined if the release knows none: every string of the value is replaced, and every name in it */
function withoutUnknown(value: unknown, schema: Schema | undefined, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return schema ? value : replace(value);
  if (typeof value !== 'object' || value === null) return value;
  const forms = schema ? [schema, ...(schema.anyOf ?? [])] : [];
  if (Array.isArray(value)) {
    const items = forms.find((one) => one.items)?.items;
    return value.map((one) => withoutUnknown(one, items, replace));
  }
  const known = forms.flatMap(({ properties }) => (properties ? [properties] : []));
  const partOf = (name: string) => known.find((properties) => Object.hasOwn(properties, name))?.[name];
  const shown = known.length > 0 ? (name: string) => name : apart(replace);
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [shown(name), withoutUnknown(one, partOf(name), replace)]),
  );
}

/** Names of members, replaced: two that become the same stay two. */
function apart(replace: (text: string) => string): (name: string) => string {
  let replaced = 0;
  return (name) => (replace(name) === name ? name : `${replace(name)}-${++replaced}`);
}

const whoFor = (actor: Actor, person: string): string =>
  actor.kind === 'user' && actor.id !== person ? WITHHELD : actor.id;
