import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: a spec looks at whatever came
  json(): any;
}

export interface RunningCli {
  /** Resolves once stdout holds the text. */
  says(text: string): Promise<void>;
  interrupt(): void;
  ended: Promise<CliResult>;
}

/** The command line client as a process of its own, as people start it, against one backend. */
export function cliFor({ url, token }: { url: string; token?: string }) {
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
            if (!stdout.includes(text)) return;
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
