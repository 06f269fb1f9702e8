#!/usr/bin/env node
/**
 * `npm run test:interop [-- --short]`: tests with programs of others, which share no code with ours. As root on a system with
 * apt-get it installs the programs that they need. A test whose programs are missing is skipped with one line. `--short`
 * leaves out those that download their tools or explore, in test/interop/long. The last line counts as that of `npm test`
 * does.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { prepare } from '../../apps/prepare.mjs';
import { runJest } from '../jest/jest.mjs';

const { short: isShort } = parseArgs({ options: { short: { type: 'boolean' } } }).values;
/** Debian's package for each program. */
const NEEDED = {
  java: 'openjdk-17-jdk-headless',
  mvn: 'maven',
  kcat: 'kcat',
  pgbouncer: 'pgbouncer',
  'docker-registry': 'docker-registry',
  ...(isShort ? {} : { python3: 'python3-venv', go: 'golang-go' }),
};

installMissing();
await prepare();
const { passed, failed, skipped } = await runJest([
  `--testPathIgnorePatterns=/node_modules/${isShort ? '|/test/interop/long/' : ''}`,
  '--testPathPatterns=test/interop/',
]);
for (const name of skipped) console.log(`skipped: ${name}`);
console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

function installMissing() {
  const missing = Object.entries(NEEDED).flatMap(([program, name]) => (isThere(program) ? [] : [name]));
  if (missing.length === 0 || process.getuid?.() !== 0 || !isThere('apt-get')) return;
  console.log(`installing ${missing.join(', ')} …`);
  const options = { stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', ...missing], options);
}

function isThere(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
