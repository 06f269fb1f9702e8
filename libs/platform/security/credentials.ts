import { GatehouseError } from '../../kernel/errors.js';

/** No credential, or one that is not in force. */
export class Unauthenticated extends GatehouseError {
  constructor(message: string) {
    super('unauthenticated', message, 401);
  }
}

/** A credential whose roles do not admit. */
export class Forbidden extends GatehouseError {
  constructor(message: string, details: Record<string, unknown>) {
    super('forbidden', message, 403, details);
  }
}

const BEARER = /^Bearer +(\S+) *$/i;

/** The credential of an Authorization header; undefined where there is no header. */
export function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const credential = BEARER.exec(header)?.[1];
  if (!credential) throw new Unauthenticated('the Authorization header is not of the form "Bearer {token}"');
  return credential;
}
