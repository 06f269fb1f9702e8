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

/**
 * RFC 8785: the one JSON text of a value. Members without a value are left out, as JSON.stringify does.
 * @throws NotCanonical for half of a surrogate pair, an integer that is not safe, a number that JSON lacks, a value that is
 * none of JSON's, and extreme depth
 */
export const canonicalJson = (value: unknown): string =>
  isInOrder(value, 1) ? JSON.stringify(value) : textOf(value, true);

/** In Node, but not yet in the types. */
const isWellFormed = (text: string): boolean => (text as unknown as { isWellFormed(): boolean }).isWellFormed();

/** True if JSON.stringify, which is twice as fast, makes the canonical text. It is false for everything unusual. */
function isInOrder(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isWellFormed(value);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) || (!Number.isInteger(value) && Number.isFinite(value));
  if (typeof value === 'boolean' || value === null) return true;
  if (typeof value !== 'object' || depth > MAX_DEPTH || 'toJSON' in value) return false;
  if (Array.isArray(value)) return value.every((item) => isInOrder(item, depth + 1));
  let last = '';
  for (const name in value) {
    if (name < last || !isWellFormed(name)) return false;
    last = name;
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined && !isInOrder(member, depth + 1)) return false;
  }
  return true;
}

/**
 * The same for events that were stored before any of this was refused: JSON.stringify with sorted members. Half of a pair is
 * escaped, and every number is written as JavaScript reads it.
 */
export const sortedJson = (value: unknown): string => textOf(value, false);

function textOf(value: unknown, isStrict: boolean): string {
  const parts: string[] = [];
  write(parts, value, 1, isStrict);
  return parts.join('');
}

function write(parts: string[], value: unknown, depth: number, isStrict: boolean): void {
  if (typeof value === 'string') parts.push(stringText(value, isStrict));
  else if (typeof value === 'number') parts.push(numberText(value, isStrict));
  else if (typeof value === 'boolean') parts.push(value ? 'true' : 'false');
  else if (value === null) parts.push('null');
  else if (typeof value !== 'object') throw new NotCanonical('', `is a ${typeof value}, which is no value of JSON`);
  else if (isStrict && depth > MAX_DEPTH) throw new NotCanonical('', `is nested deeper than ${MAX_DEPTH} levels`);
  else if (Array.isArray(value)) writeList(parts, value, depth, isStrict);
  else writeObject(parts, value, depth, isStrict);
}

function stringText(text: string, isStrict: boolean): string {
  if (!NOT_PLAIN.test(text)) return `"${text}"`;
  if (isStrict && !isWellFormed(text))
    throw new NotCanonical('', 'has half of a surrogate pair: send whole characters');
  return JSON.stringify(text);
}

/** ECMAScript's shortest form, which RFC 8785 prescribes; it has no negative zero. */
function numberText(value: number, isStrict: boolean): string {
  if (isStrict && !Number.isFinite(value)) throw new NotCanonical('', 'is a number that JSON does not have');
  if (isStrict && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new NotCanonical(
      '',
      `is an integer beyond ${Number.MAX_SAFE_INTEGER}, which many programs round: send a string`,
    );
  return Number.isFinite(value) ? String(value) : 'null';
}

function writeList(parts: string[], list: readonly unknown[], depth: number, isStrict: boolean): void {
  parts.push('[');
  for (let n = 0; n < list.length; n++) {
    if (n > 0) parts.push(',');
    writeBelow(parts, String(n), list[n], depth, isStrict);
  }
  parts.push(']');
}

function writeObject(parts: string[], value: object, depth: number, isStrict: boolean): void {
  if ('toJSON' in value && typeof value.toJSON === 'function') throw new NotCanonical('', 'is no plain object');
  const names = Object.keys(value);
  // RFC 8785, section 3.2.3: by UTF-16 code units, as JavaScript compares strings.
  if (!isSorted(names)) names.sort();
  let before = '{';
  for (const name of names) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    parts.push(`${before}${stringText(name, isStrict)}:`);
    before = ',';
    writeBelow(parts, name, member, depth, isStrict);
  }
  parts.push(before === '{' ? '{}' : '}');
}

function isSorted(names: readonly string[]): boolean {
  for (let n = 1; n < names.length; n++) if (names[n - 1]! > names[n]!) return false;
  return true;
}

/** A part of a value, whose error names where it is. */
function writeBelow(parts: string[], name: string, value: unknown, depth: number, isStrict: boolean): void {
  try {
    write(parts, value, depth + 1, isStrict);
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    throw new NotCanonical(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}${error.field}`, error.reason);
  }
}
