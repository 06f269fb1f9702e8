import { HttpError } from './http-error.js';

/** An address exceeded its rate limit. */
export class TooManyRequests extends HttpError {
  /** @param message names the limit that was exceeded */
  constructor(
    message: string,
    readonly retryAfterS: number,
  ) {
    super(429, 'too-many-requests', `${message}: try again in ${retryAfterS} s`);
  }
}
