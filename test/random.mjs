#!/usr/bin/env node
/**
 * `npm run test:random [-- --minutes 10 | --rounds 1] [-- --seed N]`: checks the properties with other random
 * examples than `npm test`, with a new seed in each round, until the time is over. Prints seed and path of each failure, for
 * a fixed example in its spec. The same `--seed` repeats the same rounds.
 */
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare } from '../apps/prepare.mjs';
import { ROOT, runJest, WITH_LONG } from './jest/jest.mjs';

const FOLDERS = ['apps', 'libs', 'test'];
/** Imports of a spec with properties: fast-check, or a file that uses it. */
const RANDOM = /from '(fast-check|\S+\.contract\.js|\S+strange-input\.js|\S+held-back-trial\.js)'/;
/** Files per run of Jest; few, since the time is checked only between runs. */
const SLICE = 12;
const SEEDS = 2 ** 31;

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, rounds: { type: 'string' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes ?? (values.rounds ? Number.POSITIVE_INFINITY : 10));
const rounds = Number(values.rounds ?? Number.POSITIVE_INFINITY);
let seed = Number(values.seed ?? randomInt(SEEDS));
if (!(minutes > 0) || !(rounds > 0) || !Number.isInteger(seed)) {
  console.error('gatehouse: --minutes and --rounds are numbers above 0, --seed is an integer');
  process.exit(2);
}

await prepare();
const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .filter(
      (path) => path.endsWith('.spec.ts') && !/(^|\/)(planted|node_modules|long)\/|^adversarial\/.*\.long\./.test(path),
    )
    .map((path) => join(folder, path)),
).filter((file) => RANDOM.test(readFileSync(join(ROOT, file), 'utf8')));

const until = performance.now() + minutes * 60_000;
const total = { passed: 0, failed: 0, skipped: 0 };
for (let first = 0, round = 0; performance.now() < until; first += SLICE) {
  if (first >= files.length) [first, seed, round] = [0, (seed + 1) % SEEDS, round + 1];
  if (round >= rounds) break;
  console.log(`seed ${seed}, files ${first + 1} to ${Math.min(first + SLICE, files.length)} of ${files.length}`);
  const run = ['--runTestsByPath', ...files.slice(first, first + SLICE), ...WITH_LONG];
  const { passed, failed, skipped, failures } = await runJest(run, { env: { GATEHOUSE_TEST_SEED: String(seed) } });
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
