/**
 * Whether the client has the representation already. RFC 9110, section 13.1.2: weak comparison, since a proxy that compresses
 * makes a tag weak.
 * @param given the header If-None-Match
 */
export function isKnownToClient(given: string | undefined, etag: string): boolean {
  const known = given?.split(',').map((one) => one.trim().replace(/^W\//, '')) ?? [];
  return known.includes(etag) || known.includes('*');
}
