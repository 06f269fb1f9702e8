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

/** The credential of an Authorization header; undefined if it has another form, or without a header. */
export const bearerOf = (header = ''): string | undefined => BEARER.exec(header)?.[1];
