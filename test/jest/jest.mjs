import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memoryDirectory } from './memory-disk.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Specs of other commands: `npm run test:interop` has them. */
export const LEFT_OUT = ['/node_modules/', '<rootDir>/test/interop/'];
/**
 * Arguments of Jest to run the long specs too, which its configuration leaves out. They come last: Jest takes what follows
 * for another pattern of files to leave out.
 */
export const WITH_LONG = ['--testPathIgnorePatterns', ...LEFT_OUT];
const LIMIT_MS = 40 * 60_000;
/** What Jest prints, and otherwise ignores, if it had to kill a worker. */
const KILLED_WORKER = 'A worker process has failed to exit gracefully';
/** Of Node, which passes it on to Jest's workers: with its 16 MB they spend more time on garbage. */
const YOUNG = ['--max-semi-space-size=64'];
/** On two cores more than cores, since a spec that waits for PostgreSQL, Kafka or a process leaves its core idle. */
const WORKERS = Math.max(3, availableParallelism() - 1);
/** Of the specs of `npm test`, three of which keep 1.4 of two cores busy; the long ones need more memory. */
const MORE_WORKERS = Math.max(4, WORKERS);
/** Each takes up to 2 GB, and their PostgreSQL and its databases in memory as much. */
const BYTES_FOR_MORE = 14 * 10 ** 9;
export const TEST_WORKERS = totalmem() < BYTES_FOR_MORE ? WORKERS : MORE_WORKERS;

/**
 * Runs a tool of node_modules.
 * @param {{ limitMs: number, isShown?: boolean, env?: Record<string, string> }} options isShown: its standard error also
 * goes to the terminal as it comes, and its standard output is discarded
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runTool(script, args, { limitMs, isShown = false, env = {} }) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...YOUNG, join(ROOT, 'node_modules', script), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', isShown ? 'ignore' : 'pipe', 'pipe'],
      timeout: limitMs,
    });
    if (isShown) child.stderr.pipe(process.stderr, { end: false });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code, signal) => {
      if (signal) output += `\nended by ${signal}; it may take ${limitMs / 60_000} minutes`;
      resolve({ code: code ?? 1, output });
    });
  });
}

/**
 * Runs Jest and shows its output.
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, isShown?: boolean, workers?: number }} options
 * @returns the counts of its tests, the names of those that were skipped, and those that failed with their messages
 */
export async function runJest(args, { env = {}, isShown = true, workers = WORKERS } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-jest-'));
  const report = join(directory, 'report.json');
  try {
    // Jest writes its JSON to standard output too, which is discarded, and its progress to standard error.
    const options = ['--json', `--outputFile=${report}`, `--maxWorkers=${workers}`];
    const color = process.stderr.isTTY ? { FORCE_COLOR: '1' } : {};
    const memory = memoryDirectory();
    const { code, output } = await runTool('jest/bin/jest.js', [...options, ...args], {
      limitMs: LIMIT_MS,
      isShown,
      env: { ...color, ...(memory && { TMPDIR: memory }), ...env },
    });
    return readReport(report, code, output.includes(KILLED_WORKER));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * A file that can't be loaded has no test that failed, a worker that had to be killed fails no file, and a Jest that broke
 * has no report: each counts as a failure.
 */
function readReport(report, code, hasKilledWorker) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    console.log(`Jest ended with code ${code} and left no report`);
    return { passed: 0, failed: 1, skipped: [], failures: [] };
  }
  const tests = results.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, file: name.replace(ROOT, '') })),
  );
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + Number(hasKilledWorker);
  const isSkipped = ({ status }) => status !== 'passed' && status !== 'failed';
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: tests.filter(isSkipped).map(({ fullName }) => fullName),
    failures: tests
      .filter(({ status }) => status === 'failed')
      .map(({ file, fullName, failureMessages }) => ({ file, name: fullName, message: failureMessages.join('\n') })),
  };
}
