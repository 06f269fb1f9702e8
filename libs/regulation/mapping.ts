import { isIllegalCategory, keywordsOf, OTHER_KEYWORD, UNSPECIFIED_CATEGORY } from '../kernel/commission-codes.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { type InvalidField, InvalidInput } from '../kernel/errors.js';
import { type MappingEvent, mappingEvents } from './mapping-events.js';

type MappingData = MappingEvent['data'];
export type MappingEntry = MappingData['entries'][number];

/** What statements of reasons say of each clause. */
export interface StatementMapping {
  entries: readonly MappingEntry[];
  /** Of the event that set it; 0 if nobody has. */
  position: Position;
}

/** The kind has a single stream, `regulation`. */
export const mappingStream: StreamKind<StatementMapping, MappingEvent> = {
  category: 'regulation',
  events: mappingEvents,
  initial: { entries: [], position: 0 },
  evolve: (_, { data: { entries } }, { position }) => ({ entries, position }),
};

/** The entry of a clause, or of decisions that name none. */
export const entryFor = (
  { entries }: Pick<StatementMapping, 'entries'>,
  clause: string | undefined,
): MappingEntry | undefined => entries.find((one) => one.clause === clause);

/** The clauses without an entry: statements that name them wait. */
export const unmappedClauses = (mapping: Pick<StatementMapping, 'entries'>, clauses: Iterable<string>): string[] =>
  [...new Set(clauses)].filter((clause) => !entryFor(mapping, clause)).sort();

/** The clauses of entries that are not among the known ones: misspelt, or named by the review of another system only. */
export const unknownClauses = ({ entries }: Pick<StatementMapping, 'entries'>, known: ReadonlySet<string>): string[] =>
  entries.flatMap(({ clause }) => (clause === undefined || known.has(clause) ? [] : [clause])).sort();

/**
 * A no-op for the mapping that is in force. A clause need not be in the content policy: reviews of other systems name clauses of
 * their own, and their statements would wait for ever.
 * @throws InvalidInput with every entry that can't be meant
 */
export function setMapping(state: StatementMapping, data: MappingData): MappingEvent[] {
  const errors = data.entries.flatMap((entry, n) => [
    ...clauseFaults(data.entries, n),
    ...keywordFaults(entry, `/entries/${n}`),
    ...groundFaults(entry, `/entries/${n}`),
  ]);
  if (errors.length > 0) throw new InvalidInput(errors);
  if (JSON.stringify(state.entries) === JSON.stringify(data.entries)) return [];
  return [{ type: 'StatementMappingSet', data }];
}

function clauseFaults(entries: readonly MappingEntry[], n: number): InvalidField[] {
  const { clause, explanation } = entries[n]!;
  const field = `/entries/${n}/clause`;
  if (entries.findIndex((one) => one.clause === clause) < n)
    return [{ field, message: 'is that of an earlier entry too: give each clause one entry' }];
  return clause === undefined && explanation === undefined
    ? [{ field: `/entries/${n}/explanation`, message: 'must be given for decisions that name no clause' }]
    : [];
}

function keywordFaults({ category, keywords = [], otherKeyword }: MappingEntry, at: string): InvalidField[] {
  const own = keywordsOf(category);
  const foreign = keywords.filter((one) => !own.includes(one));
  const faults: InvalidField[] = [];
  if (foreign.length > 0) {
    const choice = own.length === 0 ? 'it has none' : `it has ${own.join(', ')}`;
    faults.push({ field: `${at}/keywords`, message: `${foreign.join(', ')} is not of ${category}: ${choice}` });
  }
  if (otherKeyword !== undefined && !keywords.includes(OTHER_KEYWORD))
    faults.push({ field: `${at}/otherKeyword`, message: `must be given with the keyword ${OTHER_KEYWORD} only` });
  return faults;
}

function groundFaults({ category, ground, legalGround, isAlsoIllegal }: MappingEntry, at: string): InvalidField[] {
  const faults: InvalidField[] = [];
  if (category === UNSPECIFIED_CATEGORY)
    faults.push({ field: `${at}/category`, message: 'is for notices that name no kind of content: name the kind' });
  else if (ground === 'illegal' && !isIllegalCategory(category))
    faults.push({
      field: `${at}/category`,
      message: 'is no kind of illegal content: choose another, or the ground terms',
    });
  if ((ground === 'illegal') !== (legalGround !== undefined))
    faults.push({ field: `${at}/legalGround`, message: 'must be given for the ground illegal, and for no other' });
  if (ground === 'illegal' && isAlsoIllegal !== undefined)
    faults.push({ field: `${at}/isAlsoIllegal`, message: 'must be given for the ground terms only' });
  return faults;
}
