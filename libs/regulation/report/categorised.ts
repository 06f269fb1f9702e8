import { ILLEGAL_CATEGORIES, TERMS_CATEGORIES, UNSPECIFIED_CATEGORY } from '../../kernel/commission-codes.js';
import { entryFor, type MappingEntry, type StatementMapping } from '../mapping.js';
import type { Measures, ReportFigures } from './report-figures.js';

type Mapping = Pick<StatementMapping, 'entries'>;

/** Measures with what the mapping says of their clause. */
export interface MappedMeasures extends Measures {
  entry: MappingEntry;
}

/** The clauses of measures without an entry; `undefined` for decisions that name none. */
export const clausesWithout = (
  { measures }: Pick<ReportFigures, 'measures'>,
  mapping: Mapping,
): (string | undefined)[] => [
  ...new Set(measures.filter(({ clause }) => !entryFor(mapping, clause)).map(({ clause }) => clause)),
];

/** Those without an entry are left out: `clausesWithout` names them. */
export const mappedMeasures = (measures: readonly Measures[], mapping: Mapping): MappedMeasures[] =>
  measures.flatMap((one) => {
    const entry = entryFor(mapping, one.clause);
    return entry ? [{ ...one, entry }] : [];
  });

/** The kind of illegal content that a flag names, by the first of its categories that is a clause with one. */
export function noticeCategory(categories: readonly string[], mapping: Mapping): string {
  const found = categories
    .map((one) => entryFor(mapping, one)?.category)
    .find((one) => one !== undefined && Object.hasOwn(ILLEGAL_CATEGORIES, one));
  return found ?? UNSPECIFIED_CATEGORY;
}

/** A row of a table by category: the category, or a keyword of one. */
export interface CategoryRow {
  code: string;
  /** Of a keyword: that of its category. Undefined in the row of all. */
  category: string | undefined;
}

export const TOTAL = 'TOTAL';

/** The rows of a table by category, in the order of the Commission's. */
export const categoryRows = (categories: Readonly<Record<string, readonly string[]>>): CategoryRow[] => [
  { code: TOTAL, category: undefined },
  ...Object.entries(categories).flatMap(([category, keywords]) => [
    { code: category, category },
    ...keywords.map((code) => ({ code, category })),
  ]),
];

export const ILLEGAL_ROWS = categoryRows(ILLEGAL_CATEGORIES);
export const NOTICE_ROWS = categoryRows({ ...ILLEGAL_CATEGORIES, [UNSPECIFIED_CATEGORY]: [] });
/** Orders that name no kind of illegal content. */
export const UNSPECIFIED_ORDER = 'STATEMENT_CATEGORY_NOT_SPECIFIED_ORDER';
export const ORDER_ROWS = categoryRows({ ...ILLEGAL_CATEGORIES, [UNSPECIFIED_ORDER]: [] });
export const TERMS_ROWS = categoryRows({ ...ILLEGAL_CATEGORIES, ...TERMS_CATEGORIES });

/** Whether measures count in a row. Those with two keywords count in both, and once in their category. */
export const isInRow = ({ entry }: MappedMeasures, { code, category }: CategoryRow): boolean =>
  category === undefined ||
  (entry.category === category && (code === category || (entry.keywords ?? []).includes(code)));
