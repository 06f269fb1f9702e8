/** A number with thousands separators and its noun, to which a verb may be added: `1 day`, `1,000 days`. */
export const counted = (value: number, one: string, more = `${one}s`): string =>
  `${value.toLocaleString('en-US', { maximumFractionDigits: 2 })} ${value === 1 ? one : more}`;

/** `1 person waits`, `2 people wait`. @param verbs that agree: with one person, with more */
export const people = (value: number, [one, more]: readonly [string, string] = ['', '']): string =>
  counted(value, `person ${one}`.trimEnd(), `people ${more}`.trimEnd());
