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
] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** A subject in the index. `by` is who caused an event, `person` whom one names. */
export const subjectOf = (kind: SubjectKind, id: string): string => storableKey(`${kind}-${id}`);

/** The fields that name subjects: a string, or a list of strings. */
const FIELDS: Readonly<Record<string, readonly SubjectKind[]>> = {
  accountId: ['account'],
  accounts: ['account'],
  imageId: ['image'],
  caseId: ['case'],
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
  reviewer: ['person'],
  reviewers: ['person'],
  by: ['person'],
  person: ['person'],
  tokenId: ['token'],
};

/** Lists of objects that name subjects, by the field in each. */
const NESTED: Readonly<Record<string, { field: string; kind: SubjectKind }>> = {
  clauses: { field: 'id', kind: 'clause' },
  entries: { field: 'clause', kind: 'clause' },
  answers: { field: 'reviewer', kind: 'person' },
};

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
export function subjectsOf({ stream, data, metadata }: RecordedEvent, isFact: boolean): string[] {
  const found = new Set<string>();
  const add = (kind: SubjectKind, id: unknown) => {
    if (typeof id === 'string' && id !== '' && id.length <= MAX_LENGTH) found.add(subjectOf(kind, id));
  };
  if (STREAMS.test(stream)) found.add(storableKey(stream));
  for (const name in data) {
    const value = data[name];
    for (const kind of own(FIELDS, name) ?? []) for (const id of Array.isArray(value) ? value : [value]) add(kind, id);
    const nested = own(NESTED, name);
    if (nested && Array.isArray(value)) for (const one of value) add(nested.kind, (one as JsonObject)?.[nested.field]);
  }
  const { actor, correlationid } = metadata as Partial<typeof metadata>;
  if (actor?.kind === 'user' || (actor?.kind === 'service' && !isFact)) {
    add('by', actor.id);
    add('token', actor.token);
  }
  if (!isFact) add('correlation', correlationid);
  return [...found];
}
