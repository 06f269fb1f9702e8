#!/usr/bin/env node
/**
 * `npm run test:random [-- --minutes 10]`: checks the properties with other examples than `npm test` does: with a new seed
 * in each round, until the time is over. Prints seed and path of what fails, to make a fixed example of it.
 */
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare } from '../apps/prepare.mjs';
import { ROOT, runJest } from './jest/jest.mjs';

const FOLDERS = ['apps', 'libs', 'test'];
/** What makes examples: fast-check, or what a spec shares that uses it. */
const RANDOM = /from '(fast-check|\S+\.contract\.js|\S+strange-input\.js)'/;
/** So many files at a time, that the time is not passed by much. */
const SLICE = 12;
const SEEDS = 2 ** 31;

const minutes = Number(parseArgs({ options: { minutes: { type: 'string', default: '10' } } }).values.minutes);
if (!(minutes > 0)) {
  console.error('gatehouse: --minutes is no number above 0');
  process.exit(2);
}

await prepare();
const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .filter((path) => path.endsWith('.spec.ts') && !/(^|\/)(planted|node_modules)\//.test(path))
    .map((path) => join(folder, path)),
).filter((file) => RANDOM.test(readFileSync(join(ROOT, file), 'utf8')));

const until = performance.now() + minutes * 60_000;
const total = { passed: 0, failed: 0, skipped: 0 };
let seed = randomInt(SEEDS);
for (let first = 0; performance.now() < until; first += SLICE) {
  if (first >= files.length) [first, seed] = [0, randomInt(SEEDS)];
  console.log(`seed ${seed}, files ${first + 1} to ${Math.min(first + SLICE, files.length)} of ${files.length}`);
  const run = ['--runTestsByPath', ...files.slice(first, first + SLICE)];
  const { passed, failed, skipped, failures } = await runJest(run, { GATEHOUSE_TEST_SEED: String(seed) });
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped.length;
  for (const { file, name, message } of failures) {
    const example = /\{ seed: -?\d+, path: "[^"]*"/.exec(message)?.[0];
    console.log(`✗ ${file} › ${name}\n  ${example ? `${example} }` : 'not a property'}`);
    console.log(`  again: GATEHOUSE_TEST_SEED=${seed} npm test -- ${file}`);
  }
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
