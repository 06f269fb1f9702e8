/**
 * The connection string as @eventstore/db-client takes it: it knows the old scheme only. A wrong expected revision must
 * throw, since without that the client answers a wrong one; of a setting given twice the last counts.
 */
export function eventStoreAddress(connectionString: string): string {
  const old = connectionString.trim().replace(/^(?:kurrentdb|kurrent|kdb)(\+discover)?:\/\//i, 'esdb$1://');
  return `${old}${old.includes('?') ? '&' : '?'}throwOnAppendFailure=true`;
}

/** The same as @kurrent/kurrentdb-client takes it, which complains about the old scheme. */
export const kurrentAddress = (connectionString: string): string =>
  connectionString.trim().replace(/^esdb(\+discover)?:\/\//i, 'kurrentdb$1://');
