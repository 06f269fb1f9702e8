#!/usr/bin/env node
/**
 * `npm run test:advisories`: asks npm's registry for the known advisories of the packages that an installation contains, by
 * package-lock.json. Fails for a high or critical one, unless test/accepted-advisories.json gives its address and why it does
 * not concern us. Where the registry can't be asked, one line says so.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './jest/jest.mjs';

const FAILING = ['high', 'critical'];
const LIMIT_MS = 120_000;

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  cwd: ROOT,
  encoding: 'utf8',
  timeout: LIMIT_MS,
  maxBuffer: 64 * 2 ** 20,
});
const report = parsed(stdout);
if (report.vulnerabilities) process.exitCode = judge(Object.values(report.vulnerabilities));
else
  console.log(`advisories: not checked, since the registry can't be asked: ${report.message ?? 'it does not answer'}`);

/** @returns the exit code */
function judge(vulnerabilities) {
  // Each package names its own advisories as objects, and those of its dependencies by name.
  const known = vulnerabilities.flatMap(({ via }) => via.filter((one) => typeof one === 'object'));
  const accepted = JSON.parse(readFileSync(join(ROOT, 'test', 'accepted-advisories.json'), 'utf8'));
  const failing = known.filter(({ url, severity }) => FAILING.includes(severity) && !accepted[url]);
  for (const { name, severity, title, url } of known) {
    console.log(`${severity}: ${name}: ${title} (${accepted[url] ? `accepted: ${accepted[url]}` : url})`);
  }
  console.log(`advisories: ${known.length} known, ${failing.length} to act on: update the package, or accept it`);
  return failing.length === 0 ? 0 : 1;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
