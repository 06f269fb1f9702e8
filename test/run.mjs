#!/usr/bin/env node
/**
 * `npm test`: all checks, from a clean clone. With arguments (`npm test -- libs/review -t verdict`) it runs only Jest, with
 * those arguments, also on long specs. Every step runs even if another one failed, so that one run reports every failure.
 * The last line is `N passed, N failed, N skipped`: Jest's tests, and one for each other step.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runJest, runTool, TEST_WORKERS, WITH_LONG } from './jest/jest.mjs';

const STEP_LIMIT_MS = 10 * 60_000;

const CHECKS = [
  { name: 'format and lint', script: '@biomejs/biome/bin/biome', args: ['check', '--error-on-warnings', '.'] },
  // Another checker would check what the first has checked.
  { name: 'types', script: 'typescript-7/bin/tsc', args: ['--checkers', '1'] },
  { name: 'unused code and dependencies', script: 'knip/bin/knip.js', args: [] },
];

const total = { passed: 0, failed: 0, skipped: 0 };
const failedSteps = [];
const jestArguments = process.argv.slice(2);

if (await prepared()) {
  // Jest waits for PostgreSQL, Kafka and child processes often enough for the checks to run beside it.
  await Promise.all([jestArguments.length === 0 && runChecks(), runTests(jestArguments)]);
}
if (failedSteps.length > 0) console.log(`\nfailed: ${failedSteps.join(', ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

async function prepared() {
  const since = performance.now();
  try {
    if (existsSync(join(ROOT, 'apps/prepare.mjs'))) await (await import('../apps/prepare.mjs')).prepare();
    else if (!existsSync(join(ROOT, 'node_modules'))) await installed();
    console.log(`✓ install and build (${secondsSince(since)} s)`);
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

async function runChecks() {
  for (const { name, script, args } of CHECKS) {
    const since = performance.now();
    const { code, output } = await runTool(script, args, { limitMs: STEP_LIMIT_MS });
    console.log(`${code === 0 ? '✓' : '✗'} ${name} (${secondsSince(since)} s)`);
    if (code === 0) total.passed++;
    else {
      total.failed++;
      failedSteps.push(name);
      console.log(output.trimEnd());
    }
  }
}

async function runTests(args) {
  const since = performance.now();
  const { passed, failed, skipped } =
    args.length === 0 ? await runJest([], { workers: TEST_WORKERS }) : await runJest([...args, ...WITH_LONG]);
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped.length;
  if (failed > 0) failedSteps.push('tests');
  for (const name of skipped) console.log(`skipped: ${name}`);
  console.log(`${failed === 0 ? '✓' : '✗'} tests (${secondsSince(since)} s)`);
}

function secondsSince(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}
