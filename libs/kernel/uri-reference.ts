import { isIPv6 } from 'node:net';

/*
 * RFC 3986, section 4.1, where java.net.URI agrees: it also refuses an empty authority, and nothing after a scheme. A
 * consumer's SDK throws on anything else, for ever if the event is in a topic.
 */
const PERCENT = '%[0-9A-Fa-f]{2}';
const NAME = `[A-Za-z0-9._~!$&'()*+,;=-]|${PERCENT}`;
const SEGMENT = `(?:${NAME}|[:@])`;
const AUTHORITY = `(?:(?:${NAME}|:)*@)?(?:\\[(?<ipv6>[0-9A-Fa-f:.]+)\\]|(?:${NAME})+)(?::\\d*)?`;
const PATH_AFTER_AUTHORITY = `(?:/${SEGMENT}*)*`;
const ABSOLUTE = `/(?:${SEGMENT}+(?:/${SEGMENT}*)*)?`;
const SCHEME = '[A-Za-z][A-Za-z0-9+.-]*:';
const TAIL = `(?:\\?(?:${SEGMENT}|[/?])*)?(?:#(?:${SEGMENT}|[/?])*)?`;

const withAuthority = `//${AUTHORITY}${PATH_AFTER_AUTHORITY}`;
const URI = new RegExp(`^${SCHEME}(?:${withAuthority}|${ABSOLUTE}|${SEGMENT}+(?:/${SEGMENT}*)*)${TAIL}$`);
/** The first segment of a relative reference has no colon: what is before it would be a scheme. */
const RELATIVE = new RegExp(`^(?:${withAuthority}|${ABSOLUTE}|(?:${NAME}|@)+(?:/${SEGMENT}*)*|(?=[?#]))${TAIL}$`);

function matches(form: RegExp, text: string): boolean {
  const match = form.exec(text);
  const { ipv6 } = match?.groups ?? {};
  return match !== null && (ipv6 === undefined || isIPv6(ipv6));
}

/** True for a URI with its scheme. */
export const isUri = (text: string): boolean => matches(URI, text);

export const isUriReference = (text: string): boolean => isUri(text) || matches(RELATIVE, text);

const FORBIDDEN = new RegExp(`${PERCENT}|[^A-Za-z0-9._~:/?#@!$&'()*+,;=-]`, 'gu');

/** The text as a URI reference: unchanged if it is one, otherwise with what is not allowed percent-encoded. */
export function toUriReference(text: string): string {
  if (isUriReference(text)) return text;
  const wellFormed = Buffer.from(text).toString(); // half of a surrogate pair becomes U+FFFD
  const encoded = wellFormed.replace(FORBIDDEN, (part) => (part.length === 3 ? part : encodeURIComponent(part)));
  return isUriReference(encoded) ? encoded : encodeURIComponent(wellFormed) || '%20';
}
