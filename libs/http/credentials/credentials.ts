import { HttpError } from '../http-error.js';

/** No credential, or one that is not in force. */
export class Unauthenticated extends HttpError {
  constructor(message: string) {
    super(401, 'unauthenticated', message);
  }
}

/** A credential whose roles do not admit. */
export class Forbidden extends HttpError {
  constructor(message: string, details: Record<string, unknown>) {
    super(403, 'forbidden', message, details);
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
