import { HttpError } from './http-error.js';

/** An address asks more often than it may. */
export class TooManyRequests extends HttpError {
  /** @param message what it did too often */
  constructor(
    message: string,
    readonly retryAfterS: number,
  ) {
    super(429, 'too-many-requests', `${message}: try again in ${retryAfterS} s`);
  }
}
