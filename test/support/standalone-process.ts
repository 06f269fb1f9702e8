import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface StandaloneProcess {
  url: string;
  pid: number;
  /** The administrator token, which only a first start prints. */
  token: string | undefined;
  /** Its output so far. */
  output(): string;
  /** Milliseconds from the spawn to the line that says it is ready. */
  readyMs: number;
  /** Sends the signal and resolves to the exit code; null if a signal ended the process. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

export interface Ended {
  code: number | null;
  /** Lines of standard error. */
  errors: string[];
  output: string;
}

/** A busy machine must not turn an answer into 503. */
const WIDE_LIMITS = { GATEHOUSE_ANSWER_LIMIT_MS: '600000', GATEHOUSE_DECISION_WAIT_MS: '599999' };

/** The output of a role once it is ready. */
const READY = /Press Ctrl-C|: \w+ is ready at \S+\n/;

const built = (app: string): readonly string[] => [process.execPath, join('dist', 'apps', app, 'main.js')];

function start(env: Record<string, string>, [program, ...args]: readonly string[]): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GATEHOUSE_') && name !== 'NODE_OPTIONS',
  );
  return spawn(program!, args, {
    env: { ...Object.fromEntries(inherited), GATEHOUSE_PORT: '0', GATEHOUSE_LOG_LEVEL: 'warn', ...WIDE_LIMITS, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Builds the programs of these processes, for beforeAll. */
export function prepareBuild(): void {
  execFileSync(process.execPath, [join('apps', 'launch.mjs')]);
}

/**
 * Starts the built backend as a process and waits until it is ready.
 * @param through a command that finally executes the command appended to it, as the same process
 * @throws if it exits before
 */
export async function startProcess(
  env: Record<string, string>,
  app = 'standalone',
  through: readonly string[] = [],
): Promise<StandaloneProcess> {
  const begun = performance.now();
  const child = start(env, [...through, ...built(app)]);
  let output = '';
  const exited = once(child, 'exit');
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (READY.test(output)) resolve();
      });
    }
  });
  await Promise.race([
    ready,
    exited.then(([code]) => {
      throw new Error(`it ended with ${code} before it was ready: ${output}`);
    }),
  ]);
  return {
    url: /ready at (\S+)/.exec(output)![1]!,
    pid: child.pid!,
    token: /(ght_\S+)/.exec(output)?.[1],
    output: () => output,
    readyMs: performance.now() - begun,
    async stop(signal) {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

/**
 * Starts the built backend as a process that is expected to exit.
 * @param during gets the process at once, for example to send it a signal
 * @param command instead of the program of the app
 */
export async function runToEnd(
  env: Record<string, string>,
  app = 'standalone',
  during: (child: ChildProcess) => void = () => {},
  command = built(app),
): Promise<Ended> {
  const child = start(env, command);
  let output = '';
  let errors = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  during(child);
  const [code] = await once(child, 'close');
  return { code, output, errors: errors.split('\n').filter(Boolean) };
}
