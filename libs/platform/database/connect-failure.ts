import { StartFailure } from '../start-failure.js';

const KNOWN: readonly { code: string; sign: RegExp; line(message: string): string }[] = [
  {
    code: 'database-unknown',
    sign: /^3D000|no such database|database ".*" does not exist/,
    line: (message) =>
      `the database server answers but lacks the database (${message}): create it with CREATE DATABASE, owned by the user of GATEHOUSE_DATABASE_URL, or correct the name there`,
  },
  {
    code: 'database-login-refused',
    sign: /^28/,
    line: (message) =>
      `the database refuses the login (${message}): correct user and password in GATEHOUSE_DATABASE_URL`,
  },
  {
    code: 'database-full',
    sign: /^53300/,
    line: (message) =>
      `the database has no connection left (${message}): raise its max_connections, of which each process of Gatehouse needs up to 20`,
  },
  {
    code: 'database-forbids',
    sign: /^42501/,
    line: (message) =>
      `the database does not permit the user of GATEHOUSE_DATABASE_URL what Gatehouse needs (${message}): make that user the owner of the database, or run "gatehouse migrate" with GATEHOUSE_MIGRATION_DATABASE_URL`,
  },
];

/** What prevents the use of a database, in one line with the remedy. */
export function explainDatabase(cause: unknown): StartFailure | undefined {
  if (cause instanceof StartFailure) return cause;
  const { message = '', code = '' } = cause as { message?: string; code?: string };
  const found = KNOWN.find(({ sign }) => sign.test(code) || sign.test(message));
  return found && new StartFailure(found.code, found.line(firstLine(message)), { cause });
}

/** The same for a connection that could not be opened at all. */
export function explainConnect(cause: unknown): StartFailure {
  const { message, code } = cause as { message?: string; code?: string };
  const what = firstLine(message || code || 'no answer');
  const line = `the database can't be used (${what}): start it, or correct GATEHOUSE_DATABASE_URL`;
  return explainDatabase(cause) ?? new StartFailure('database-unusable', line, { cause });
}

const firstLine = (text: string): string => text.split('\n')[0]!;
