#!/usr/bin/env node
/**
 * Everything that must hold, from a clean clone: `npm test`. With arguments (`npm test -- libs/review -t verdict`) only
 * Jest, with those arguments. Every step runs even when an earlier one failed, so that one run tells everything.
 * The last line is `N passed, N failed, N skipped`: Jest's tests, and one for each other step.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STEP_LIMIT_MS = 5 * 60_000;
const JEST_LIMIT_MS = 20 * 60_000;
const JEST_NODE_OPTIONS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
/** One worker would leave the other core idle while PostgreSQL waits for its disk. */
const WORKERS = Math.max(2, availableParallelism() - 1);

const CHECKS = [
  { name: 'format and lint', script: '@biomejs/biome/bin/biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types', script: 'typescript/bin/tsc', args: [] },
  { name: 'unused code and dependencies', script: 'knip/bin/knip.js', args: [] },
];

const total = { passed: 0, failed: 0, skipped: 0 };
const failedSteps = [];
const jestArguments = process.argv.slice(2);

if (await prepared()) {
  if (jestArguments.length === 0) for (const check of CHECKS) await runCheck(check);
  await runJest(jestArguments);
}
if (failedSteps.length > 0) console.log(`\nfailed: ${failedSteps.join(', ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

async function prepared() {
  try {
    if (existsSync(join(ROOT, 'apps/prepare.mjs'))) await (await import('../apps/prepare.mjs')).prepare();
    else if (!existsSync(join(ROOT, 'node_modules'))) await installed();
    return true;
  } catch (error) {
    console.log(`✗ install and build\n${error.message}`);
    total.failed++;
    failedSteps.push('install and build');
    return false;
  }
}

function installed() {
  return new Promise((resolve, reject) => {
    const npm = spawn('npm', ['ci'], { cwd: ROOT, stdio: 'inherit' });
    npm.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`npm ci ended with code ${code}`))));
  });
}

async function runCheck({ name, script, args }) {
  const started = performance.now();
  const { code, output } = await run(script, args, { limitMs: STEP_LIMIT_MS });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (code === 0) total.passed++;
  else {
    total.failed++;
    failedSteps.push(name);
    console.log(output.trimEnd());
  }
}

async function runJest(args) {
  const started = performance.now();
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-jest-'));
  const report = join(directory, 'report.json');
  try {
    const { code } = await run(
      'jest/bin/jest.js',
      ['--json', `--outputFile=${report}`, `--maxWorkers=${WORKERS}`, ...args],
      {
        limitMs: JEST_LIMIT_MS,
        shown: true,
        env: { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${JEST_NODE_OPTIONS}`.trim() },
      },
    );
    const counted = countTests(report, code);
    total.passed += counted.passed;
    total.failed += counted.failed;
    total.skipped += counted.skipped.length;
    if (counted.failed > 0) failedSteps.push('tests');
    for (const name of counted.skipped) console.log(`skipped: ${name}`);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${counted.failed === 0 ? '✓' : '✗'} tests (${seconds} s)`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A file that can't be loaded has no test that failed, and a Jest that broke has no report: both count as a failure. */
function countTests(report, code) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    console.log(`Jest ended with code ${code} and left no report`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  const passed = results.numPassedTests;
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.testResults
    .flatMap((file) => file.assertionResults)
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => fullName);
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}

/**
 * Runs a tool of node_modules.
 * @param shown true: its output goes to the terminal as it comes; otherwise it is collected
 */
function run(script, args, { limitMs, shown = false, env = {} }) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      // Jest's JSON also goes to stdout, where nobody needs it; what people read goes to stderr.
      stdio: shown ? ['ignore', 'ignore', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code, signal) => {
      if (signal) output += `\nended by ${signal}; a step may take ${limitMs / 60_000} minutes`;
      resolve({ code: code ?? 1, output });
    });
  });
}
