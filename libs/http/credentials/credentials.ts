import { HttpError } from '../http-error.js';

/** The credential is missing or invalid. */
export class Unauthenticated extends HttpError {
  constructor(message: string) {
    super(401, 'unauthenticated', message);
  }
}

/** The credential lacks the roles for this route. */
export class Forbidden extends HttpError {
  constructor(message: string, details: Record<string, unknown>) {
    super(403, 'forbidden', message, details);
  }
}

const BEARER = /^Bearer +(\S+) *$/i;

/** The credential of an Authorization header; undefined without a header. */
export function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const credential = BEARER.exec(header)?.[1];
  if (!credential) throw new Unauthenticated('the Authorization header is not of the form "Bearer {token}"');
  return credential;
}
