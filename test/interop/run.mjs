#!/usr/bin/env node
/**
 * `npm run test:interop`: clients that share no code with ours, in other languages. Installs what they need if it may, as
 * root on a system with apt-get; skips with one line what it can not run. The last line is as that of `npm test`.
 */
import { spawnSync } from 'node:child_process';
import { prepare } from '../../apps/prepare.mjs';
import { runJest } from '../jest/jest.mjs';

/** The package of Debian that has each program. */
const NEEDED = { java: 'openjdk-17-jdk-headless', mvn: 'maven', kcat: 'kcat' };

installMissing();
await prepare();
const { passed, failed, skipped } = await runJest([
  '--testPathIgnorePatterns=/node_modules/',
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
