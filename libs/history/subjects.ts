import type { JsonObject, RecordedEvent } from '../kernel/envelope.js';
import { storableKey } from '../kernel/text-forms.js';

/** What has a history: kinds of the subjects that events name. */
export const SUBJECT_KINDS = [
  'account',
  'image',
  'case',
  'cohort',
  'enforcement',
  'appeal',
  'clause',
  'person',
  'token',
  'by',
  'correlation',
  'entity',
  'read',
  'reader',
] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/**
 * A subject in the index. `by` is who caused an event, `person` whom one names, and `entity` what one names without its kind. What
 * was read, and whose, is `read`, and who read it `reader`: few among the events of an account or of a reviewer.
 */
export const subjectOf = (kind: SubjectKind, id: string): string => storableKey(`${kind}-${id}`);

/** Of what is found by these fields. With a further one, what is indexed already is indexed again. */
export const INDEX_VERSION = 2;

/** The fields that name subjects: a string, or a list of strings. A spec names every other field that could name one. */
const FIELDS: Readonly<Record<string, readonly SubjectKind[]>> = {
  accountId: ['account'],
  accounts: ['account'],
  imageId: ['image'],
  caseId: ['case'],
  // It has the id of its image, as its case has.
  goldenId: ['case'],
  cohortId: ['cohort'],
  enforcementId: ['enforcement'],
  // What an account suffers is because of a case, or of an enforcement of its own.
  cause: ['case', 'enforcement'],
  appealId: ['appeal'],
  clause: ['clause'],
  severeClause: ['clause'],
  // Those of flags and decisions name clauses by their ids.
  categories: ['clause'],
  flaggedBy: ['person'],
  flaggerId: ['person'],
  reviewer: ['person'],
  reviewers: ['person'],
  by: ['person'],
  approvedBy: ['person'],
  proposedBy: ['person'],
  person: ['person'],
  people: ['person'],
  tokenId: ['token'],
  entityId: ['entity'],
};

/** Objects, and lists of objects, that name subjects: by the field in each. */
const NESTED: Readonly<Record<string, { field: string; kind: SubjectKind }>> = {
  clauses: { field: 'id', kind: 'clause' },
  entries: { field: 'clause', kind: 'clause' },
  answers: { field: 'reviewer', kind: 'person' },
  filter: { field: 'account', kind: 'account' },
  sample: { field: 'recordOf', kind: 'person' },
  skipped: { field: 'caseId', kind: 'case' },
};

/** The types of events that say that somebody read something, and their fields that name what, or whose. */
export const READING_TYPES: ReadonlySet<string> = new Set([
  ...['AddressRead', 'ContentViewed', 'EvidenceGiven', 'PersonExported', 'TotalsRead'],
]);
const READ_FIELDS = ['accounts', 'caseId', 'appealId', 'entityId', 'person'];

/** The kinds whose streams are those of the subject itself. */
const STREAMS = /^(?:account|image|case|cohort|enforcement|appeal)-/;
/** No id is longer, and the entries of an index have a limit. */
const MAX_LENGTH = 400;

/** A broken event may have a field with the name of what every object has, such as `constructor`. */
const own = <Value>(all: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(all, name) ? all[name] : undefined;

/**
 * Every subject that an event concerns, each once; also of a broken event, whose data may be anything.
 * @param isFact a fact is not found by the service that sent it: that has sent millions
 */
export function subjectsOf({ type, stream, data, metadata }: RecordedEvent, isFact: boolean): string[] {
  const found = new Set<string>();
  const add = (kind: SubjectKind, id: unknown) => {
    if (typeof id === 'string' && id !== '' && id.length <= MAX_LENGTH) found.add(subjectOf(kind, id));
  };
  if (STREAMS.test(stream)) found.add(storableKey(stream));
  for (const name in data) {
    const value = data[name];
    for (const kind of own(FIELDS, name) ?? []) for (const id of listed(value)) add(kind, id);
    const nested = own(NESTED, name);
    if (nested) for (const one of listed(value)) add(nested.kind, (one as JsonObject | null)?.[nested.field]);
  }
  const { actor, correlationid } = metadata as Partial<typeof metadata>;
  if (actor?.kind === 'user' || (actor?.kind === 'service' && !isFact)) {
    add('by', actor.id);
    add('token', actor.token);
  }
  if (!isFact) add('correlation', correlationid);
  if (READING_TYPES.has(type)) {
    add('reader', actor?.id);
    for (const name of READ_FIELDS) for (const id of listed(data?.[name])) add('read', id);
  }
  return [...found];
}

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** The data of an event with everybody whom it names replaced, also by an id that may be that of a person or of anything else. */
export function withPeople(data: JsonObject, replace: (id: string) => string): JsonObject {
  const all = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(all);
    return typeof value === 'string' ? replace(value) : value;
  };
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => {
      if (own(FIELDS, name)?.some(isPerson)) return [name, all(value)];
      const nested = own(NESTED, name);
      if (!nested || !isPerson(nested.kind)) return [name, value];
      const within = (one: unknown): unknown =>
        typeof one === 'object' && one !== null && nested.field in one
          ? { ...one, [nested.field]: all((one as JsonObject)[nested.field]) }
          : one;
      return [name, Array.isArray(value) ? value.map(within) : within(value)];
    }),
  );
}

const isPerson = (kind: SubjectKind): boolean => kind === 'account' || kind === 'person' || kind === 'entity';

/** The subjects by which everything is found that concerns a person, and the cases of their images. */
export const subjectsOfPerson = (person: string, caseIds: Iterable<string>): string[] => [
  ...(['account', 'person', 'by', 'entity'] as const).map((kind) => subjectOf(kind, person)),
  ...[...caseIds].flatMap((id) =>
    (['case', 'image', 'enforcement', 'appeal', 'entity'] as const).map((kind) => subjectOf(kind, id)),
  ),
];
