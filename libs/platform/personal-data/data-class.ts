/** Kinds of personal text, which may be kept for different times. Their order is stored: append new ones. */
export const DATA_CLASSES = ['addresses', 'reasons', 'prompts', 'comments', 'notes', 'appeals'] as const;
export type DataClass = (typeof DATA_CLASSES)[number];

/** The class of each personal field of an event. */
const CLASS_OF_FIELD: Readonly<Record<string, DataClass>> = {
  email: 'addresses',
  reason: 'reasons',
  prompt: 'prompts',
  comment: 'comments',
  note: 'notes',
  rationale: 'notes',
  text: 'appeals',
};

/** Undefined for a field that retention doesn't know. */
export const dataClassOf = (field: string): DataClass | undefined => CLASS_OF_FIELD[field];

const FIRST_YEAR = 2020;
const MONTHS = 4_096;
/** Digits of the place of a period in the tree of periods, four to the power of each: class, month, slice of the people. */
const CLASS_AND_MONTH_DEPTH = 8;
const SLICE_DEPTH = 12;
export const SLICES = 256;

/** The month in UTC, like 202205. */
export const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7).replace('-', '');

const numberOf = (month: string): number => {
  const number = (Number(month.slice(0, 4)) - FIRST_YEAR) * 12 + Number(month.slice(4)) - 1;
  return Math.min(Math.max(number, 0), MONTHS - 1);
};

const cellOf = (dataClass: DataClass, month: string): number =>
  DATA_CLASSES.indexOf(dataClass) * MONTHS + numberOf(month);

/** The place of the key of a class, a month and a slice of the people. */
export const periodOf = (dataClass: DataClass, month: string, slice: number): number =>
  cellOf(dataClass, month) * SLICES + slice;

/** All keys of a class and a month. */
export const monthTree = (dataClass: DataClass, month: string) => ({
  depth: CLASS_AND_MONTH_DEPTH,
  prefix: cellOf(dataClass, month),
});

/** The same in slices, without some of them. */
export const slicesOfMonth = (dataClass: DataClass, month: string, without: ReadonlySet<number>) =>
  Array.from({ length: SLICES }, (_, slice) => slice)
    .filter((slice) => !without.has(slice))
    .map((slice) => ({ depth: SLICE_DEPTH, prefix: periodOf(dataClass, month, slice) }));

/** Every month from the first that there can be to one, like 202205. */
export function monthsThrough(month: string): string[] {
  const months: string[] = [];
  for (let number = 0; number <= numberOf(month); number++) {
    months.push(`${FIRST_YEAR + Math.floor(number / 12)}${String((number % 12) + 1).padStart(2, '0')}`);
  }
  return months;
}
