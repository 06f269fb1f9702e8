import { GatehouseError } from '../kernel/errors.js';
import { isPassingDatabaseError } from '../platform/database/connection-errors.js';
import { StoreUnavailable } from './event-store.js';

/**
 * Whether the same may go well later with nobody mending anything: a store is away, a server changes hands or is too busy.
 * What follows the log then waits; it never leaves an event out for that.
 */
export const passesByItself = (error: unknown): boolean =>
  error instanceof StoreUnavailable ||
  (error instanceof GatehouseError && error.status >= 500) ||
  isPassingDatabaseError(error);
