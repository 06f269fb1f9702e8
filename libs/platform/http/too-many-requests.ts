import { GatehouseError } from '../../kernel/errors.js';

/** An address asks more often than it may. */
export class TooManyRequests extends GatehouseError {
  /** @param message what it did too often */
  constructor(
    message: string,
    readonly retryAfterS: number,
  ) {
    super('too-many-requests', `${message}: try again in ${retryAfterS} s`, 429);
  }
}
