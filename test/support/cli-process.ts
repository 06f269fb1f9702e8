import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../apps/cli/program.js';
import { contexts } from '../../apps/contexts.js';

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: specs read any answer
  json(): any;
}

export interface RunningCli {
  /** Resolves once stdout or stderr holds the text. */
  says(text: string): Promise<void>;
  interrupt(): void;
  ended: Promise<CliResult>;
}

interface Backend {
  url: string;
  token?: string;
}

/** The command line client as a process of its own, against one backend. */
export function cliFor({ url, token }: Backend) {
  const start = (...args: string[]): RunningCli => {
    const child = spawn(process.execPath, [join(process.cwd(), 'apps', 'launch.mjs'), 'cli', ...args], {
      env: { PATH: process.env.PATH, GATEHOUSE_URL: url, ...(token === undefined ? {} : { GATEHOUSE_TOKEN: token }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    const watchers = new Set<() => void>();
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      for (const look of watchers) look();
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      for (const look of watchers) look();
    });
    const ended = new Promise<CliResult>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout, stderr, json: () => JSON.parse(stdout) }));
    });
    return {
      ended,
      interrupt: () => child.kill('SIGINT'),
      says: (text) =>
        new Promise((resolve, reject) => {
          const look = () => {
            if (!stdout.includes(text) && !stderr.includes(text)) return;
            watchers.delete(look);
            resolve();
          };
          watchers.add(look);
          look();
          ended.then(() => reject(new Error(`ended without saying ${text}: ${stderr}`)), reject);
        }),
    };
  };
  return { start, run: (...args: string[]) => start(...args).ended };
}

/** Runs the command line in this process, for specs with many commands. */
export function commandLineFor({ url, token, tokenFile }: Backend & { tokenFile?: string }, listed = contexts) {
  return {
    async run(...args: string[]): Promise<CliResult> {
      const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
      const env = { GATEHOUSE_URL: url, GATEHOUSE_TOKEN: token, GATEHOUSE_TOKEN_FILE: tokenFile };
      const code = await runCommandLine(args, { ...streams, env, signal: new AbortController().signal }, listed);
      const stdout = String(streams.stdout.read() ?? '');
      return { code, stdout, stderr: String(streams.stderr.read() ?? ''), json: () => JSON.parse(stdout) };
    },
  };
}
