/** Levels of lists and objects within one another. No event of ours has ten; other libraries overflow at some thousands. */
const MAX_DEPTH = 100;

/** The value has no canonical text: other programs would read it in another way, or not at all. */
export class NotCanonical extends Error {
  /** @param field JSON Pointer of what is wrong */
  constructor(
    readonly field: string,
    readonly reason: string,
  ) {
    super(`${field || '/'} ${reason}`);
    this.name = new.target.name;
  }
}

/** Quotation mark, backslash, control characters and everything beyond ASCII need more than quotation marks. */
const NOT_PLAIN = /[^ !#-[\]-~]/;
const HALF_PAIR = /\p{Surrogate}/u;

/**
 * RFC 8785: the one JSON text of a value. Members without a value are left out, as JSON.stringify does.
 * @throws NotCanonical for half of a surrogate pair, an integer that is not safe, a number that JSON lacks, a value that is
 * none of JSON's, and extreme depth
 */
export const canonicalJson = (value: unknown): string => write(value, 1, true);

/**
 * The same for events that were stored before any of this was refused: JSON.stringify with sorted members. Half of a pair is
 * escaped, and every number is written as JavaScript reads it.
 */
export const sortedJson = (value: unknown): string => write(value, 1, false);

function write(value: unknown, depth: number, isStrict: boolean): string {
  if (typeof value === 'string') return textOf(value, isStrict);
  if (typeof value === 'number') return numberOf(value, isStrict);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value === null) return 'null';
  if (typeof value !== 'object') throw new NotCanonical('', `is a ${typeof value}, which is no value of JSON`);
  if (isStrict && depth > MAX_DEPTH) throw new NotCanonical('', `is nested deeper than ${MAX_DEPTH} levels`);
  return Array.isArray(value) ? listOf(value, depth, isStrict) : objectOf(value, depth, isStrict);
}

function textOf(text: string, isStrict: boolean): string {
  if (!NOT_PLAIN.test(text)) return `"${text}"`;
  if (isStrict && HALF_PAIR.test(text))
    throw new NotCanonical('', 'has half of a surrogate pair: send whole characters');
  return JSON.stringify(text);
}

/** ECMAScript's shortest form, which RFC 8785 prescribes; it has no negative zero. */
function numberOf(value: number, isStrict: boolean): string {
  if (isStrict && !Number.isFinite(value)) throw new NotCanonical('', 'is a number that JSON does not have');
  if (isStrict && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new NotCanonical(
      '',
      `is an integer beyond ${Number.MAX_SAFE_INTEGER}, which many programs round: send a string`,
    );
  return Number.isFinite(value) ? String(value) : 'null';
}

function listOf(list: readonly unknown[], depth: number, isStrict: boolean): string {
  let text = '[';
  for (let n = 0; n < list.length; n++) {
    text += (n > 0 ? ',' : '') + below(String(n), list[n], depth, isStrict);
  }
  return `${text}]`;
}

function objectOf(value: object, depth: number, isStrict: boolean): string {
  const names = Object.keys(value);
  // RFC 8785, section 3.2.3: by UTF-16 code units, as JavaScript compares strings.
  if (!isSorted(names)) names.sort();
  let text = '{';
  for (const name of names) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${textOf(name, isStrict)}:${below(name, member, depth, isStrict)}`;
  }
  return `${text}}`;
}

function isSorted(names: readonly string[]): boolean {
  for (let n = 1; n < names.length; n++) if (names[n - 1]! > names[n]!) return false;
  return true;
}

/** A part of a value, whose error names where it is. */
function below(name: string, value: unknown, depth: number, isStrict: boolean): string {
  try {
    return write(value, depth + 1, isStrict);
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    throw new NotCanonical(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}${error.field}`, error.reason);
  }
}
