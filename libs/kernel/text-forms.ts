import { DAY_MS } from './clock.js';

/**
 * The forms of short strings, each defined once. A constant in capitals is the source of a regular expression with the u
 * flag, as JSON Schema requires, in the syntax that RE2 and Python share, except for what `portablePattern` leaves out. LINE and TEXT allow C1 control characters, which the other forms forbid, because stored
 * events may contain them.
 */
const ASCII_CONTROL = '\\x00-\\x1F\\x7F';
const ANY_CONTROL = `${ASCII_CONTROL}-\\x9F`;
/** With the u flag it matches only half of a surrogate pair, which UTF-8 can't encode. */
const HALF_PAIR = '\\uD800-\\uDFFF';
const NOT_ENCRYPTED = '(?!sealed:)';
/** At the place where the text goes on: only what it excludes is lost without it. */
const LOOK_AHEAD = /\(\?![^()]*\)/g;
const MAILBOX_PART = `[^\\x00-\\x20\\x7F${HALF_PAIR}@]+`;

/** An account, image, case, cohort, person or token, as its own system names it. */
export const ENTITY_ID = '^[A-Za-z0-9][A-Za-z0-9._:~-]*$';
export const MAX_ID_LENGTH = 200;
/** A short technical name or version. */
export const NAME = '^[A-Za-z0-9][A-Za-z0-9._:/+-]*$';
export const LABEL = '^[a-z0-9][a-z0-9_/-]*$';
export const MAX_LABEL_LENGTH = 64;
/** One line. */
export const LINE = `^[^${ASCII_CONTROL}${HALF_PAIR}]*$`;
/** Allows tabs and line ends, no other control characters, and no encrypted text, which only our own store holds. */
export const TEXT = `^${NOT_ENCRYPTED}[^\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F${HALF_PAIR}]*$`;
export const EMAIL_ADDRESS = `^${NOT_ENCRYPTED}${MAILBOX_PART}@${MAILBOX_PART}$`;
/** An attribute of a CloudEvent. */
export const ATTRIBUTE = `^[^${ANY_CONTROL}${HALF_PAIR}]+$`;
export const NO_CONTROL = `^[^${ANY_CONTROL}]*$`;
/** Lower-case hexadecimal digits. */
export const HASH = '^[0-9a-f]+$';
/** A position in the log, as clients receive it. */
export const POSITION = '^[0-9]{1,16}$';
/** A position from a client, which may name the epoch that gave it: `1042` or `9c1f03ab55d2-1042`. */
export const GIVEN_POSITION = '^(?:[0-9a-f]{12}-)?[0-9]{1,16}$';
/** What each form demands, in words, to go on after `must`. */
export const FORM_RULES: ReadonlyMap<string, string> = new Map([
  [ENTITY_ID, 'consist of letters, digits and . _ : ~ - and begin with a letter or digit'],
  [NAME, 'consist of letters, digits and . _ : / + - and begin with a letter or digit'],
  [LABEL, 'be a lower-case label, like policy-breach'],
  [LINE, 'be one line without control characters'],
  [TEXT, 'be text without control characters that does not begin with "sealed:"'],
  [EMAIL_ADDRESS, 'be an e-mail address, like ada@example.org'],
  [ATTRIBUTE, 'be text without control characters'],
  [NO_CONTROL, 'be text without control characters'],
  [HASH, 'consist of lower-case hexadecimal digits'],
  [POSITION, 'be a position, in digits only'],
  [GIVEN_POSITION, 'be a position, digits only or EPOCH-digits'],
]);
const TIME_OF_DAY = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]{1,9})?';
const OFFSET = '[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]';
/**
 * RFC 3339 with its offset, in capitals, years 1000 to 2999. The pattern also matches days and leap seconds that don't exist;
 * isInstant does not.
 */
export const INSTANT = `^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T${TIME_OF_DAY}(?:Z|${OFFSET})$`;

/**
 * The pattern for readers with another engine, where no string contains half of a surrogate pair and none can look ahead. It
 * also matches what we refuse for these two reasons.
 */
export const portablePattern = (pattern: string): string => pattern.replaceAll(HALF_PAIR, '').replace(LOOK_AHEAD, '');

const tester = (pattern: string) => {
  const form = new RegExp(pattern, 'u');
  return (text: string): boolean => form.test(text);
};

const hasIdForm = tester(ENTITY_ID);
const hasLabelForm = tester(LABEL);
const hasInstantForm = tester(INSTANT);
/** The complement of Unicode's category Cc, as ranges: many times faster than the category. */
const CONTROL = /[^ -~\u00a0-\uffff]/;
/** Neither control, format, surrogate, private or unassigned characters nor separators, nor others that show nothing. */
const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
const HALF = /\p{Surrogate}/u;
/** As senders may write it: in lower case too, and of any year. */
const RFC_3339 = new RegExp(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]${TIME_OF_DAY}(?:[Zz]|${OFFSET})$`);

export const isEntityId = (text: string): boolean => text.length <= MAX_ID_LENGTH && hasIdForm(text);

export const isLabel = (text: string): boolean => text.length <= MAX_LABEL_LENGTH && hasLabelForm(text);

export const isGivenPosition = tester(GIVEN_POSITION);

export const isInstant = (text: string): boolean => hasInstantForm(text) && epochMsOf(text) !== undefined;

/** A day like `2022-05-18`, of the same years. */
export const isDay = (text: string): boolean => isInstant(`${text}T00:00:00Z`);

export const hasControlCharacter = (text: string): boolean => CONTROL.test(text);

/** False for text of spaces and characters that show nothing: it says nothing, although it is not empty. */
export const hasVisibleCharacter = (text: string): boolean => VISIBLE.test(text);

export const hasHalfPair = (text: string): boolean => HALF.test(text);

/**
 * Epoch milliseconds of an RFC 3339 time; undefined if the text is no such time or the day does not exist. A leap second is
 * the last moment of its minute.
 */
export const parseInstant = (text: string): number | undefined => (RFC_3339.test(text) ? epochMsOf(text) : undefined);

/** @param month 1 for January */
const daysOfMonth = (year: number, month: number): number => {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
};

/** @param text matches RFC_3339 */
function epochMsOf(text: string): number | undefined {
  const isLeapSecond = text.slice(17, 19) === '60';
  // Date.parse knows no leap second.
  const epochMs = Date.parse(isLeapSecond ? `${text.slice(0, 17)}59${text.slice(19)}` : text);
  if (Number.isNaN(epochMs)) return undefined;
  // Date.parse reads February 30 as March 2.
  const day = Number(text.slice(8, 10));
  if (day > 28 && day > daysOfMonth(Number(text.slice(0, 4)), Number(text.slice(5, 7)))) return undefined;
  return isLeapSecond ? lastMomentOfDay(epochMs) : epochMs;
}

/** The last millisecond of the second; undefined unless it ends a day in UTC, as every leap second does. */
function lastMomentOfDay(epochMs: number): number | undefined {
  const next = Math.floor(epochMs / 1_000) * 1_000 + 1_000;
  return Math.abs(next % DAY_MS) === 0 ? next - 1 : undefined;
}

/** PostgreSQL's text can't hold a NUL, which JSON may contain: it is shown as JSON writes it. */
export const storable = (text: string): string => text.replaceAll('\u0000', '\\u0000');

/** Its UTF-8 fits into an index of PostgreSQL. */
const MAX_KEY_LENGTH = 500;

/** The key of a stored event, which may be any text: limits may have been others when the event was accepted. */
export const storableKey = (key: string): string =>
  key.length > MAX_KEY_LENGTH || key.includes('\u0000') ? storable(key).slice(0, MAX_KEY_LENGTH) : key;
