import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatehouseError } from '../kernel/errors.js';

/** A start that can't continue. The message is one line that says what is wrong and what to do. */
export class StartFailure extends GatehouseError {
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(code, message, 'unavailable', {}, options);
  }
}

const KNOWN_FAILURES: readonly {
  sign: RegExp;
  code: string;
  line(directory: string, found: RegExpMatchArray): string;
}[] = [
  {
    sign: /database files are incompatible with server/,
    code: 'data-of-another-postgres',
    line: (directory) =>
      `the data in ${directory} was created by PostgreSQL ${readFileSync(join(directory, 'cluster', 'PG_VERSION'), 'utf8').trim()}, not by the version of this release: move it with pg_dump into a new directory, or set GATEHOUSE_DATA to another directory`,
  },
  {
    sign: /ENOSPC|No space left on device|wrote only \d+ of \d+ bytes/,
    code: 'disk-full',
    line: (directory) =>
      `no space is left on the disk of ${directory}: free some space, then start again; nothing was lost`,
  },
  {
    sign: /EROFS|Read-only file system/,
    code: 'data-read-only',
    line: (directory) => `${directory} is on a read-only file system: set GATEHOUSE_DATA to a writable directory`,
  },
  {
    sign: /wrong ownership|EPERM|EACCES|Permission denied|has invalid permissions/,
    code: 'data-not-ours',
    line: (directory) =>
      `${directory} can't be used by this user: start as the user who created it, change its owner, or set GATEHOUSE_DATA to another directory`,
  },
  {
    sign: /error while loading shared libraries: (\S+)/,
    code: 'postgres-library-missing',
    line: (_, [, library]) =>
      `the embedded PostgreSQL needs the system library ${library!.replace(/:$/, '')}: run "npm rebuild", install it, or set GATEHOUSE_DATABASE_URL`,
  },
  {
    sign: /ENOTDIR|EEXIST|Not a directory/,
    code: 'data-not-a-directory',
    line: (directory) =>
      `${directory} or one of its parents is a file, not a directory: set GATEHOUSE_DATA to a directory`,
  },
];

/** Explains a system error or a server's log in one line; an unknown failure keeps its own text. */
export function explainFailure(directory: string, evidence: unknown): StartFailure {
  if (evidence instanceof StartFailure) return evidence;
  const text =
    evidence instanceof Error
      ? `${(evidence as NodeJS.ErrnoException).code ?? ''} ${evidence.message}`
      : String(evidence);
  const options = evidence instanceof Error ? { cause: evidence } : undefined;
  for (const { sign, code, line } of KNOWN_FAILURES) {
    const found = text.match(sign);
    if (found) return new StartFailure(code, line(directory, found), options);
  }
  const fatal = text.match(/(?:FATAL|PANIC|error): +(.+)/)?.[1] ?? text.trim().split('\n').at(-1);
  return new StartFailure(
    'postgres-failed',
    `the embedded PostgreSQL in ${directory} did not start: ${fatal}`,
    options,
  );
}
