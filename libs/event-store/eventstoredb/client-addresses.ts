/**
 * The connection string for @eventstore/db-client, which knows only the old scheme. A wrong expected revision must throw,
 * since otherwise the client returns a wrong one; of a repeated setting the last counts.
 */
export function eventStoreAddress(connectionString: string): string {
  const old = connectionString.trim().replace(/^(?:kurrentdb|kurrent|kdb)(\+discover)?:\/\//i, 'esdb$1://');
  return `${old}${old.includes('?') ? '&' : '?'}throwOnAppendFailure=true`;
}

/** The same for @kurrent/kurrentdb-client, which warns about the old scheme. */
export const kurrentAddress = (connectionString: string): string =>
  connectionString.trim().replace(/^esdb(\+discover)?:\/\//i, 'kurrentdb$1://');
