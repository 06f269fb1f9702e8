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
export function canonicalJson(value: unknown): string {
  const text = isInOrder(value, 1) ? JSON.stringify(value) : textOf(value, 1, true);
  if (text !== undefined) return text;
  // Only now, since it slows the writer down to know where it is.
  const { path, reason } = faultIn(value, 1)!;
  throw new NotCanonical(path, reason);
}

/**
 * The same for events that were stored before any of this was refused: JSON.stringify with sorted members. Half of a pair is
 * escaped, and every number is written as JavaScript reads it.
 */
export const sortedJson = (value: unknown): string => textOf(value, 1, false)!;

/** In Node, but not yet in the types. */
const isWellFormed = (text: string): boolean => (text as unknown as { isWellFormed(): boolean }).isWellFormed();

/** True if JSON.stringify, which is faster, makes the canonical text. It is false for everything unusual. */
function isInOrder(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isWellFormed(value);
  if (typeof value === 'number') return isExact(value);
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

/** @returns undefined, if strict, for a value that has no canonical text */
function textOf(value: unknown, depth: number, isStrict: boolean): string | undefined {
  if (typeof value === 'string') {
    if (!NOT_PLAIN.test(value)) return `"${value}"`;
    return isStrict && !isWellFormed(value) ? undefined : JSON.stringify(value);
  }
  if (typeof value === 'number') return isStrict && !isExact(value) ? undefined : numberText(value);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (isStrict && faultOf(value, depth) !== undefined) return undefined;
  return Array.isArray(value) ? listText(value, depth, isStrict) : objectText(value as object, depth, isStrict);
}

/** ECMAScript's shortest form, which RFC 8785 prescribes; it has no negative zero. */
const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : 'null');

const isExact = (value: number): boolean =>
  Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));

function listText(list: readonly unknown[], depth: number, isStrict: boolean): string | undefined {
  let text = '';
  for (let n = 0; n < list.length; n++) {
    const item = textOf(list[n], depth + 1, isStrict);
    if (item === undefined) return undefined;
    text += n === 0 ? item : `,${item}`;
  }
  return `[${text}]`;
}

function objectText(value: object, depth: number, isStrict: boolean): string | undefined {
  let text = '';
  for (const name of sortedNames(value)) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    const before = NAMES.get(name) ?? nameText(name, isStrict);
    const memberText = textOf(member, depth + 1, isStrict);
    if (before === undefined || memberText === undefined) return undefined;
    text += text === '' ? before + memberText : `,${before}${memberText}`;
  }
  return `{${text}}`;
}

/** The texts of names: few are used, again and again. */
const NAMES = new Map<string, string>();
const MOST_NAMES = 1_000;
const LONGEST_NAME = 64;
const FEW_NAMES = 20;

function nameText(name: string, isStrict: boolean): string | undefined {
  const text = textOf(name, 1, isStrict);
  if (text === undefined) return undefined;
  if (NAMES.size < MOST_NAMES && name.length <= LONGEST_NAME && isWellFormed(name)) NAMES.set(name, `${text}:`);
  return `${text}:`;
}

/** RFC 8785, section 3.2.3: by UTF-16 code units, as JavaScript compares strings. */
function sortedNames(value: object): string[] {
  const names = Object.keys(value);
  if (names.length > FEW_NAMES) return names.sort();
  // By insertion: sort() allocates, which costs more than it sorts.
  for (let n = 1; n < names.length; n++) {
    const name = names[n]!;
    let place = n;
    for (; place > 0 && names[place - 1]! > name; place--) names[place] = names[place - 1]!;
    names[place] = name;
  }
  return names;
}

/** Why a value by itself has no canonical text, whatever it contains. */
function faultOf(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string')
    return isWellFormed(value) ? undefined : 'has half of a surrogate pair: send whole characters';
  if (typeof value === 'number') {
    if (isExact(value)) return undefined;
    if (!Number.isFinite(value)) return 'is a number that JSON does not have';
    return `is an integer beyond ${Number.MAX_SAFE_INTEGER}, which many programs round: send a string`;
  }
  if (typeof value === 'boolean' || value === null) return undefined;
  if (typeof value !== 'object') return `is a ${typeof value}, which is no value of JSON`;
  if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
  return 'toJSON' in value && typeof value.toJSON === 'function' ? 'is no plain object' : undefined;
}

interface Fault {
  /** JSON Pointer. */
  path: string;
  reason: string;
}

/** The first fault in a value, in the order of its text. */
function faultIn(value: unknown, depth: number): Fault | undefined {
  const reason = faultOf(value, depth);
  if (reason !== undefined) return { path: '', reason };
  if (typeof value !== 'object' || value === null) return undefined;
  const names = Array.isArray(value) ? [...value.keys()].map(String) : sortedNames(value);
  for (const name of names) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined && !Array.isArray(value)) continue;
    const ofName = faultOf(name, depth);
    if (ofName !== undefined) return { path: '', reason: ofName };
    const found = faultIn(member, depth + 1);
    if (found)
      return { path: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}${found.path}`, reason: found.reason };
  }
  return undefined;
}
