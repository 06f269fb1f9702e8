/** SQLSTATE classes and system codes that mean "the server is away or refuses work for now", not "the query is wrong". */
const PASSING = /^(08|53|55000|57014|57P0|58)/;
const SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);
const CLIENT_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|not queryable|query read timeout|client was closed/i;

export function isPassingDatabaseError(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return (code !== undefined && (PASSING.test(code) || SYSTEM.has(code))) || CLIENT_MESSAGES.test(message ?? '');
}
