import { isEmail } from 'class-validator';
import { isDay } from '../../kernel/text-forms.js';
import { Networks } from './networks.js';

/** One setting: how to parse it and how to document it. */
export class Setting<Value = unknown> {
  /** Its meaning, one line for the documentation. */
  summary = '';
  /** Never shown in an error message. */
  isSecret = false;
  /** What an administrator may see of a value. */
  redact: (text: string) => string | undefined = (text) => text;

  constructor(
    /** What values are valid, for error messages and the documentation. */
    readonly expects: string,
    readonly fallback: Value,
    /** undefined: not a valid value. */
    readonly parse: (text: string) => Value | undefined,
  ) {}

  means(summary: string): this {
    this.summary = summary;
    return this;
  }

  /** @param redact what an administrator may see of a value; nothing by default */
  secret(redact: (text: string) => string | undefined = () => undefined): this {
    this.isSecret = true;
    this.redact = redact;
    return this;
  }
}

/** Scheme, servers and database of an address, without its credentials and options; undefined if these are hard to tell. */
export function addressOnly(text: string): string | undefined {
  const [, scheme, place] = /^([a-z+]+:\/\/)(?:[^@/?#\s]*@)?([^@?#\s]+)(?:\?[^@#\s]*)?$/.exec(text) ?? [];
  return place === undefined ? undefined : `${scheme}${place}`;
}

/* A kind without a fallback is undefined if unset. */

/** Any string. */
export const text = <Fallback extends string | undefined = undefined>(fallback?: Fallback) =>
  new Setting<string | Fallback>('a string', fallback as Fallback, (value) => value);

/** A string that matches a pattern. */
export const named = (form: RegExp, expects: string, fallback: string) =>
  new Setting(expects, fallback, (value) => (form.test(value) ? value : undefined));

/** A URL with one of the protocols. */
export function url(...protocols: string[]): Setting<string | undefined> {
  const expects = `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return new Setting<string | undefined>(expects, undefined, (value) =>
    URL.canParse(value) && protocols.includes(new URL(value).protocol) ? value : undefined,
  );
}

/** A URL for browsers and clients of others: administrators and documents show it. */
export const webUrl = () =>
  new Setting<string | undefined>(
    'a URL that starts with https:// or http://, without a user name or a password',
    undefined,
    (value) => (isWebUrl(value) ? value : undefined),
  );

/** The root of another system's API that gets a secret: encrypted, unless it is on this machine. Without a slash at its end. */
export const apiUrl = () =>
  new Setting<string | undefined>(
    'a URL that starts with https://, or with http:// on this machine, without a user name, a password, a query or a fragment',
    undefined,
    (value) => {
      const root = baseUrl().parse(value);
      return root !== undefined && /^(?:https:|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::|\/|$))/.test(root)
        ? root
        : undefined;
    },
  );

/** A day in UTC; its value is its beginning, in epoch milliseconds. */
export const day = () =>
  new Setting<number | undefined>('a day like 2022-05-18', undefined, (value) =>
    isDay(value) ? Date.parse(`${value}T00:00:00Z`) : undefined,
  );

/** The URL that paths are appended to; its value has no slash at its end. */
export const baseUrl = () =>
  new Setting<string | undefined>(
    'a URL that starts with https:// or http://, without a user name, a password, a query or a fragment',
    undefined,
    (value) => (isWebUrl(value) && !/[?#]/.test(value) ? new URL(value).href.replace(/\/+$/, '') : undefined),
  );

/** The address of each of many things on one host: `{name}` is in its path or query. */
export const webUrlTemplate = (name: string) =>
  new Setting<string | undefined>(
    `a URL that starts with https:// or http:// and has {${name}} once in its path or query, without a user name, a password or a fragment`,
    undefined,
    (value) => {
      const parts = value.split(`{${name}}`);
      const [one, other] = ['a', 'b'].map((id) => parts.join(id));
      const isTemplate = parts.length === 2 && isWebUrl(one!) && isWebUrl(other!) && !value.includes('#');
      return isTemplate && new URL(one!).origin === new URL(other!).origin ? value : undefined;
    },
  );

function isWebUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

/** An address with one of the schemes, for one server or several separated by commas. */
export function servers(...schemes: string[]): Setting<string | undefined> {
  const form = new RegExp(`^(?:${schemes.map((scheme) => scheme.replace('+', '\\+')).join('|')})://[^\\s/?]+`);
  const expects = `an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return new Setting<string | undefined>(expects, undefined, (value) => (form.test(value) ? value : undefined));
}

/** A mail server, with a user name and a password if it needs them. Nothing else: options in it could log what is sent. */
export const mailServer = () =>
  new Setting<string | undefined>(
    'an address like smtp://user:password@host:587 or smtps://host, without a path, a query or a fragment',
    undefined,
    (value) => {
      if (!/^smtps?:\/\//.test(value) || !URL.canParse(value)) return undefined;
      const { hostname, pathname, search, hash, username, password } = new URL(value);
      const isServer = hostname !== '' && /^\/?$/.test(pathname) && search === '' && hash === '';
      return isServer && isDecodable(username) && isDecodable(password) ? value : undefined;
    },
  ).secret(addressOnly);

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Whom mail is from. */
export interface Sender {
  /** Empty for none. */
  name: string;
  address: string;
}

/** An e-mail address, with or without a name. */
export const sender = () =>
  new Setting<Sender | undefined>(
    'an e-mail address, like no-reply@example.org or Gatehouse <no-reply@example.org>',
    undefined,
    (value) => {
      const [, name = '', named, bare] = /^(?:([^<>\p{C}]*)<([!-;=?-~]+)>|([!-;=?-~]+))$/u.exec(value) ?? [];
      const address = named ?? bare;
      return address !== undefined && isEmail(address) ? { name: name.trim(), address } : undefined;
    },
  );

const parts = (value: string): string[] => value.split(',').map((one) => one.trim());

/** Strings of one form, separated by commas; none by default. */
export const list = (each: RegExp, expects: string) =>
  new Setting<readonly string[]>(`${expects}, separated by commas`, [], (value) =>
    parts(value).every((one) => each.test(one)) ? parts(value) : undefined,
  );

/** Lists of strings by name, as in `a=x+y,b=z`; empty by default. */
export const listsByName = (name: RegExp, each: RegExp, expects: string) =>
  new Setting<ReadonlyMap<string, readonly string[]>>(expects, new Map(), (value) => {
    const lists = parts(value).map((part): [string, string[]] => {
      const at = part.indexOf('=');
      return [part.slice(0, Math.max(at, 0)), part.slice(at + 1).split('+')];
    });
    const isValid = lists.every(([of, values]) => name.test(of) && values.every((one) => each.test(one)));
    return isValid && new Set(lists.map(([of]) => of)).size === lists.length ? new Map(lists) : undefined;
  });

/** Addresses and networks, separated by commas; none by default. */
export const networks = () =>
  new Setting('addresses or networks like 10.0.0.0/8, separated by commas', Networks.none, (value) =>
    Networks.of(parts(value)),
  );

export const integer = (fallback: number, least: number, most: number) =>
  new Setting(`an integer from ${least} to ${most}`, fallback, (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    return number >= least && number <= most ? number : undefined;
  });

/** One of a few words. */
export const choice = <const Value extends string, Fallback extends Value | undefined = undefined>(
  values: readonly Value[],
  fallback?: Fallback,
) =>
  new Setting<Value | Fallback>(`one of ${values.join(', ')}`, fallback as Fallback, (value) =>
    values.find((one) => one === value),
  );

/** `on` or `off`. */
export const onOff = (fallback: boolean) =>
  new Setting('on or off', fallback, (value) => (value === 'on' ? true : value === 'off' ? false : undefined));

/** Bytes in base64. */
export const key = (bytes: number) =>
  new Setting<Buffer | undefined>(`${bytes} bytes in base64`, undefined, (value) => decodeKey(value, bytes)).secret();

/** Exactly `bytes` bytes from canonical base64 or base64url, or undefined. */
export function decodeKey(value: string, bytes: number): Buffer | undefined {
  const decoded = Buffer.from(value, 'base64');
  const canonical = decoded.toString('base64').replace(/=+$/, '');
  const given = value.trim().replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
  return decoded.length === bytes && canonical === given ? decoded : undefined;
}
