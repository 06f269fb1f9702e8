import { readFileSync } from 'node:fs';
import { type Clock, systemClock } from '../kernel/clock.js';
import { InvalidInput } from '../kernel/errors.js';
import { type Ids, timeOrderedIds } from '../kernel/ids.js';
import { ApiClient, type Query } from './api-client.js';
import type { ExitCode } from './exit-codes.js';
import { line, plain, type Shown } from './rendering/plain-text.js';
import { type Progress, progressOn, silent } from './rendering/progress.js';

/** The process's environment, output and signal. */
export interface Terminal {
  env: Record<string, string | undefined>;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
}

/** What every command can use. */
export interface Session {
  client: ApiClient;
  progress: Progress;
  signal: AbortSignal;
  clock: Clock;
  ids: Ids;
  json: boolean;
  /** Prints the result: JSON with --json, text otherwise. */
  print(answer: unknown, text: () => Shown): void;
  /** Prints one item of an endless result; with --json one JSON document per line. */
  printItem(item: unknown, text: () => Shown): void;
  /** Prints a remark on stderr, but not with --json. */
  remark(text: Shown): void;
}

export interface GlobalOptions {
  url?: string;
  token?: string;
  tokenFile?: string;
  json?: boolean;
}

/** A command's work. The exit code is `done` unless it returns another one or throws. */
export type Work<Options> = (
  session: Session,
  options: Options,
  ...args: string[]
) => Promise<ExitCode> | Promise<void>;

/** Turns a command's work into an action of commander. */
export type Runner = <Options>(work: Work<Options>) => (...args: unknown[]) => Promise<void>;

/** The items of a list up to a limit; remarks if there are more. */
export async function listed<Item>(
  { client, remark }: Session,
  path: string,
  query: Query,
  limit: number,
): Promise<Item[]> {
  const items = await client.list<Item>(path, query, limit + 1);
  if (items.length > limit) remark(line`there are more than ${limit}: raise --limit to show them`);
  return items.slice(0, limit);
}

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** @throws InvalidInput if the URL or the token is malformed */
export function openSession(given: GlobalOptions, terminal: Terminal): Session {
  const { url, json = false } = given;
  const { env, stdout, stderr, signal } = terminal;
  // JSON leaves some control characters as they are.
  const write = (text: string): void => {
    stdout.write(`${plain(text)}\n`);
  };
  const client = new ApiClient({
    url: url ?? (env.GATEHOUSE_URL || DEFAULT_URL),
    token: tokenOf(given, env),
    signal,
  });
  return {
    client,
    // With --json, stderr has only the problem document, unless it is a terminal.
    progress: json && !stderr.isTTY ? silent : progressOn(stderr),
    signal,
    clock: systemClock,
    ids: timeOrderedIds(systemClock),
    json,
    print: (answer, text) => write(json ? JSON.stringify(answer, null, 2) : text()),
    printItem: (item, text) => write(json ? JSON.stringify(item) : text()),
    remark: (text) => {
      if (!json) stderr.write(`${text}\n`);
    },
  };
}

/** A token on the command line is seen by every user of the machine, so --help names the file and the environment. */
function tokenOf({ token, tokenFile }: GlobalOptions, env: Terminal['env']): string | undefined {
  const file = tokenFile ?? env.GATEHOUSE_TOKEN_FILE;
  const given = token ?? (tokenFile === undefined ? env.GATEHOUSE_TOKEN : undefined);
  if (given?.trim() || !file) return given?.trim() || undefined;
  const field = tokenFile === undefined ? 'GATEHOUSE_TOKEN_FILE' : '--token-file';
  try {
    const read = readFileSync(file, 'utf8').trim();
    if (read !== '') return read;
    throw new InvalidInput([{ field, message: `${file} is empty: write the token into it` }]);
  } catch (error) {
    if (error instanceof InvalidInput) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new InvalidInput([
      { field, message: `${file} can't be read (${code}): correct its path or its permissions` },
    ]);
  }
}
