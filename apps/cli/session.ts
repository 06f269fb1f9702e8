import { type Clock, systemClock } from '../../libs/kernel/clock.js';
import { type Ids, timeOrderedIds } from '../../libs/kernel/ids.js';
import { ApiClient } from './api-client.js';
import type { ExitCode } from './exit-codes.js';
import { type Progress, progressOn, silent } from './rendering/progress.js';

/** What a process has to do with the world. */
export interface Terminal {
  env: Record<string, string | undefined>;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
}

/** What every command works with. */
export interface Session {
  client: ApiClient;
  progress: Progress;
  signal: AbortSignal;
  clock: Clock;
  ids: Ids;
  json: boolean;
  /** The answer: as JSON with --json, as text for people otherwise. */
  print(answer: unknown, text: () => string): void;
  /** One item of an answer without an end; with --json one JSON document a line. */
  printItem(item: unknown, text: () => string): void;
  /** A remark for people, on stderr; not with --json. */
  remark(line: string): void;
}

export interface GlobalOptions {
  url?: string;
  token?: string;
  json?: boolean;
}

/** A command's work: done, unless it answers another exit code or throws. */
export type Work<Options> = (session: Session, options: Options, ...args: string[]) => Promise<ExitCode | undefined>;

/** Makes a commander action of a command's work. */
export type Runner = <Options>(work: Work<Options>) => (...args: unknown[]) => Promise<void>;

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** @throws InvalidInput for a URL or a token that can't be one */
export function openSession({ url, token, json = false }: GlobalOptions, terminal: Terminal): Session {
  const { env, stdout, stderr, signal } = terminal;
  const write = (text: string) => stdout.write(`${text}\n`);
  const client = new ApiClient({
    url: url ?? (env.GATEHOUSE_URL || DEFAULT_URL),
    token: (token ?? env.GATEHOUSE_TOKEN)?.trim() || undefined,
    signal,
  });
  return {
    client,
    // With --json, stderr is for the problem document, unless a person looks on.
    progress: json && !stderr.isTTY ? silent : progressOn(stderr),
    signal,
    clock: systemClock,
    ids: timeOrderedIds(systemClock),
    json,
    print: (answer, text) => write(json ? JSON.stringify(answer, null, 2) : text()),
    printItem: (item, text) => write(json ? JSON.stringify(item) : text()),
    remark: (line) => {
      if (!json) stderr.write(`${line}\n`);
    },
  };
}
