import { HttpError } from './http-error.js';

/** An address exceeded its rate limit; its connection is closed, with all that it has sent ahead. */
export class TooManyRequests extends HttpError {
  /** @param message names the limit that was exceeded */
  constructor(
    message: string,
    readonly retryAfterS: number,
  ) {
    const headers = { 'retry-after': String(retryAfterS), connection: 'close' };
    super(429, 'too-many-requests', `${message}: try again in ${retryAfterS} s`, {}, headers);
  }
}
