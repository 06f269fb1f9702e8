import { Networks } from './networks.js';

/** One setting: how to parse it and how to document it. */
export interface Setting<Value = unknown> {
  variable: string;
  /** Its meaning, one line for the documentation. */
  summary: string;
  /** What values are valid, for error messages and the documentation. */
  expects: string;
  /** As the documentation shows it. */
  shownDefault: string;
  /** Never shown in an error message. */
  secret: boolean;
  fallback: Value;
  /** undefined: not a valid value. */
  parse(text: string): Value | undefined;
}

interface Words {
  secret?: boolean;
}

/** Any string. */
export function text(variable: string, fallback: string, summary: string, words: Words = {}): Setting<string> {
  return setting(variable, 'a string', fallback, fallback, summary, (value) => value, words);
}

/** Any string, or undefined if unset. */
export function optionalText(variable: string, summary: string, words: Words = {}): Setting<string | undefined> {
  return setting<string | undefined>(variable, 'a string', '', undefined, summary, (value) => value, words);
}

/** A URL with one of the protocols, or undefined if unset. */
export function optionalUrl(
  variable: string,
  protocols: readonly string[],
  summary: string,
  words: Words = {},
): Setting<string | undefined> {
  const parse = (value: string) =>
    URL.canParse(value) && protocols.includes(new URL(value).protocol) ? value : undefined;
  const expects = `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return setting<string | undefined>(variable, expects, '', undefined, summary, parse, words);
}

/** Strings of one form, separated by commas; none by default. */
export function list(variable: string, each: RegExp, expects: string, summary: string): Setting<readonly string[]> {
  const parse = (value: string) => {
    const texts = value.split(',').map((one) => one.trim());
    return texts.every((one) => each.test(one)) ? texts : undefined;
  };
  return setting<readonly string[]>(variable, `${expects}, separated by commas`, '', [], summary, parse);
}

/** Addresses and networks, separated by commas; none by default. */
export function networks(variable: string, summary: string): Setting<Networks> {
  const parse = (value: string) => Networks.of(value.split(',').map((one) => one.trim()));
  const expects = 'addresses or networks like 10.0.0.0/8, separated by commas';
  return setting(variable, expects, '', Networks.none, summary, parse);
}

/** A string that matches a pattern. */
export function named(
  variable: string,
  form: RegExp,
  expects: string,
  fallback: string,
  summary: string,
): Setting<string> {
  const parse = (value: string) => (form.test(value) ? value : undefined);
  return setting(variable, expects, fallback, fallback, summary, parse);
}

/** An address with one of the schemes, for one server or several separated by commas, or undefined if unset. */
export function optionalServers(
  variable: string,
  schemes: readonly string[],
  summary: string,
  words: Words = {},
): Setting<string | undefined> {
  const form = new RegExp(`^(?:${schemes.map((scheme) => scheme.replace('+', '\\+')).join('|')})://[^\\s/?]+`);
  const parse = (value: string) => (form.test(value) ? value : undefined);
  const expects = `an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return setting<string | undefined>(variable, expects, '', undefined, summary, parse, words);
}

/** An integer. */
export function integer(
  variable: string,
  fallback: number,
  least: number,
  most: number,
  summary: string,
): Setting<number> {
  const parse = (value: string) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    return number >= least && number <= most ? number : undefined;
  };
  return setting(variable, `an integer from ${least} to ${most}`, String(fallback), fallback, summary, parse);
}

/** One of a few words. */
export function choice<const Value extends string>(
  variable: string,
  values: readonly Value[],
  fallback: Value,
  summary: string,
): Setting<Value> {
  return setting(variable, `one of ${values.join(', ')}`, fallback, fallback, summary, (value) =>
    values.find((one) => one === value),
  );
}

/** One of a few words, or undefined if unset. */
export function optionalChoice<const Value extends string>(
  variable: string,
  values: readonly Value[],
  summary: string,
): Setting<Value | undefined> {
  return setting<Value | undefined>(variable, `one of ${values.join(', ')}`, '', undefined, summary, (value) =>
    values.find((one) => one === value),
  );
}

/** `on` or `off`. */
export function onOff(variable: string, fallback: boolean, summary: string): Setting<boolean> {
  const parse = (value: string) => (value === 'on' ? true : value === 'off' ? false : undefined);
  return setting(variable, 'on or off', fallback ? 'on' : 'off', fallback, summary, parse);
}

/** Bytes in base64, or undefined if unset. */
export function optionalKey(variable: string, bytes: number, summary: string): Setting<Buffer | undefined> {
  const parse = (value: string) => decodeKey(value, bytes);
  return setting<Buffer | undefined>(variable, `${bytes} bytes in base64`, '', undefined, summary, parse, {
    secret: true,
  });
}

/** Exactly `bytes` bytes from canonical base64 or base64url, or undefined. */
export function decodeKey(value: string, bytes: number): Buffer | undefined {
  const key = Buffer.from(value, 'base64');
  const canonical = key.toString('base64').replace(/=+$/, '');
  const given = value.trim().replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
  return key.length === bytes && canonical === given ? key : undefined;
}

function setting<Value>(
  variable: string,
  expects: string,
  shownDefault: string,
  fallback: Value,
  summary: string,
  parse: (text: string) => Value | undefined,
  { secret = false }: Words = {},
): Setting<Value> {
  return { variable, expects, shownDefault, fallback, summary, parse, secret };
}
