import { domainToASCII, domainToUnicode } from 'node:url';
import { isEmail } from 'class-validator';

/** An address that names no mailbox. The message completes "the address …". */
export class InvalidAddress extends Error {}

/** Control, format, surrogate, private and unassigned characters, separators, and others that show nothing. */
const INVISIBLE = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
const DOMAIN = /^[\p{L}\p{M}\p{N}.。．｡-]+$/u;
const QUOTED = /^"(.*)"$/u;
const ROOT = /[.。．｡]$/u;

export interface Mailbox {
  /** In NFC and lower case, without quotes. */
  local: string;
  /** In ASCII, by IDNA. */
  domain: string;
}

/**
 * The mailbox that an address names. Spellings of one mailbox have the same parts: case, Unicode or ASCII form of the
 * domain, its final dot, unnecessary quotes, composed or decomposed characters. Nothing else is merged, since only the
 * mailbox's own server knows what else it treats alike.
 * @throws InvalidAddress
 */
export function mailboxOf(address: string): Mailbox {
  if (INVISIBLE.test(address)) throw new InvalidAddress('must not have spaces, control or invisible characters');
  const at = address.lastIndexOf('@');
  const written = address.slice(at + 1).replace(ROOT, '');
  // Lower case first: versions of IDNA differ in the capital ẞ.
  const domain = DOMAIN.test(written) ? domainToASCII(written.normalize('NFC').toLowerCase()) : '';
  const local = address.slice(0, Math.max(at, 0));
  if (!isEmail(`${local}@${domain}`)) throw new InvalidAddress('must be an e-mail address, like ada@example.org');
  return { local: unquoted(local).normalize('NFC').toLowerCase().normalize('NFC'), domain };
}

/** RFC 5321, section 4.1.2: quotes and backslashes are not part of the name. */
function unquoted(local: string): string {
  const [, quoted] = QUOTED.exec(local) ?? [];
  return quoted === undefined ? local : quoted.replace(/\\(.)/gu, '$1');
}

export const mailboxText = ({ local, domain }: Mailbox): string => `${local}@${domain}`;

/** The spellings of a mailbox that earlier versions kept apart, normalized as they did. */
export function formerSpellings({ local, domain }: Mailbox): string[] {
  const locals = [local, `"${local}"`];
  const domains = [domain, domainToUnicode(domain)].flatMap((one) => [one, `${one}.`]);
  const texts = locals.flatMap((one) => domains.map((other) => `${one}@${other}`));
  return [...new Set(texts.map((text) => text.normalize('NFKC').toLowerCase()))];
}
