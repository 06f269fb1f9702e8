import { GatehouseError, StoreUnavailable } from './errors.js';

/**
 * SQLSTATE classes and codes that mean "the server is unreachable or refuses work for now", not "the query is wrong":
 * connection, rolled back for a concurrent transaction (serialization, deadlock), read-only after a failover, resources,
 * locks, cancelled or shutting down, system.
 */
const TRANSIENT = /^(08|40|25006|53|55000|55P03|57014|57P0|58)/;
const SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'SERVER_NOT_PROVED',
]);
/** A Unix socket that is gone, or whose queue is full. The same codes of a file mean something else. */
const SOCKET = new Set(['ENOENT', 'EAGAIN']);
const CLIENT_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|not queryable|query read timeout|client was closed/i;

export function isTransientDatabaseError(error: unknown): boolean {
  const { code, message, syscall } = error as { code?: string; message?: string; syscall?: string };
  if (code !== undefined && syscall === 'connect' && SOCKET.has(code)) return true;
  return (code !== undefined && (TRANSIENT.test(code) || SYSTEM.has(code))) || CLIENT_MESSAGES.test(message ?? '');
}

/**
 * True if a retry may succeed without anybody fixing anything: a store is unreachable, changes its leader or is too busy.
 * Consumers of the log then retry; they never skip the event.
 */
export const isTransient = (error: unknown): boolean =>
  error instanceof StoreUnavailable ||
  (error instanceof GatehouseError && (error.kind === 'unavailable' || error.kind === 'failed')) ||
  isTransientDatabaseError(error);
