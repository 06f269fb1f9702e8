import Negotiator from 'negotiator';

/**
 * Parameters of a media type but its weight: what we send has one form, whatever version or charset is asked for. A quoted
 * value may contain commas, and one without its end takes all the rest.
 */
const PARAMETERS = /;(?!\s*q\s*=)(?:"(?:\\.|[^"\\])*(?:"|\\?$)|[^;,"])*/gi;

/** The media type that an Accept header prefers, by RFC 9110, section 12.5.1; the first without one or if it accepts none. */
export function preferredType<Type extends string>(accept = '*/*', types: readonly [Type, ...Type[]]): Type {
  const headers = { accept: accept.replace(PARAMETERS, '') };
  return (new Negotiator({ headers }).mediaType([...types]) as Type | undefined) ?? types[0];
}

export type Encoding = 'br' | 'gzip' | 'identity';

/** The content coding that an Accept-Encoding header prefers; `identity` without the header. */
export function preferredEncoding(header: string | undefined): Encoding {
  if (header === undefined) return 'identity';
  const accepted = new Negotiator({ headers: { 'accept-encoding': header } });
  const [first] = accepted.encodings(['br', 'gzip', 'identity']);
  return (first as Encoding | undefined) ?? 'identity';
}
