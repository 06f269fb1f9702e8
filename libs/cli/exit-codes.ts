import { CommanderError } from 'commander';
import { statusOf } from '../http/http-error.js';
import { GatehouseError, InvalidInput } from '../kernel/errors.js';
import { NotReachable } from './api-errors.js';

/** Exit codes. They are stable, since scripts depend on them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notReachable: 3,
  notAllowed: 4,
  refused: 5,
  notFound: 6,
  differs: 7,
  nobodyWaiting: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const MEANINGS: Record<keyof typeof EXIT, string> = {
  done: 'success',
  failed: 'failed, or an event was quarantined',
  usage: 'invalid usage or input',
  notReachable: 'the backend is unreachable or unavailable',
  notAllowed: 'not allowed: the credential is missing, invalid or lacks the role',
  refused: 'refused by a rule of the backend',
  notFound: 'not found',
  differs: 'a verification found a difference',
  nobodyWaiting: 'nobody was onboarded, because nobody was waiting',
  interrupted: 'interrupted by Ctrl-C',
};

/** For --help. */
export const exitCodesText = [
  'Exit codes:',
  ...Object.entries(EXIT).map(([name, code]) => `  ${String(code).padEnd(5)}${MEANINGS[name as keyof typeof EXIT]}`),
].join('\n');

const BY_STATUS: Record<number, ExitCode> = {
  400: EXIT.usage,
  401: EXIT.notAllowed,
  403: EXIT.notAllowed,
  404: EXIT.notFound,
  409: EXIT.refused,
  410: EXIT.refused,
  412: EXIT.refused,
  413: EXIT.usage,
  503: EXIT.notReachable,
};

const BY_CODE: Record<string, ExitCode> = { 'logs-differ': EXIT.differs, 'nobody-waiting': EXIT.nobodyWaiting };

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof NotReachable) return EXIT.notReachable;
  if (error instanceof InvalidInput) return EXIT.usage;
  if (error instanceof GatehouseError) return BY_CODE[error.code] ?? BY_STATUS[statusOf(error)] ?? EXIT.failed;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  return EXIT.failed;
}
