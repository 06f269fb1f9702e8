#!/usr/bin/env node
/**
 * `npm run bench [-- rows…] [--full] [options]`: measures every budget against its yardstick; docs/benchmarks.md has the
 * options.
 * Builds what it measures and, on its first run, installs the peers into this folder; users never get them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../..');

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    events: { type: 'string', default: '60000' },
    decisions: { type: 'string', default: '6000' },
    ingest: { type: 'string', default: '300000' },
    accounts: { type: 'string', default: '100000' },
    requests: { type: 'string', default: '40000' },
    deactivations: { type: 'string', default: '200' },
    hot: { type: 'string', default: '1000' },
    cases: { type: 'string', default: '10000' },
    people: { type: 'string', default: '20000' },
    images: { type: 'string', default: '300000' },
    log: { type: 'string', default: '300000' },
    growth: { type: 'string' },
    simulate: { type: 'string', default: '240000' },
    seconds: { type: 'string', default: '20' },
    full: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});
/** The sizes that the budgets name. */
const FULL = {
  ...{ ingest: '3000000', accounts: '1000000', hot: '4000', people: '100000', log: '3000000', growth: '10000000' },
  ...{ seconds: '60', simulate: '4800000', images: '3000000' },
};
if (values.full) Object.assign(values, FULL);

await build();
installPeers();
// Between rounds, so that no contender pays for another's garbage.
setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc');

const { rowNames, runBench } = await import('./bench.mjs');
const stranger = names.find((name) => !rowNames.includes(name));
if (stranger) {
  console.error(`there is no row ${stranger}; the rows are ${rowNames.join(', ')}`);
  process.exit(2);
}
const ok = await runBench({
  names,
  rounds: number('rounds'),
  eventsPerRound: number('events'),
  decisionsPerRound: number('decisions'),
  ingestEvents: number('ingest'),
  accounts: number('accounts'),
  requestsPerRound: number('requests'),
  deactivations: number('deactivations'),
  hotImages: number('hot'),
  openCases: number('cases'),
  people: number('people'),
  images: number('images'),
  logEvents: number('log'),
  growthEvents: values.growth === undefined ? undefined : number('growth'),
  simulatedEvents: number('simulate'),
  loadSeconds: number('seconds'),
  profile: values.profile,
});
process.exit(ok ? 0 : 1);

function number(option) {
  const value = Number(values[option]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`--${option} is ${values[option]}; give an integer above 0`);
  process.exit(2);
}

async function build() {
  const prepare = join(ROOT, 'apps/prepare.mjs');
  if (existsSync(prepare)) await (await import(prepare)).prepare();
  else
    command(
      process.execPath,
      [join(ROOT, 'node_modules/@swc/cli/bin/swc.js'), 'libs', 'apps', '-d', 'dist', '-q'],
      ROOT,
    );
}

function installPeers() {
  const wanted = join(HERE, 'package-lock.json');
  const installed = join(HERE, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  const { dependencies } = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8'));
  console.log(`installing what the bench compares with: ${Object.keys(dependencies).join(', ')}`);
  command('npm', ['ci'], HERE);
}

function command(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit' });
  if (status === 0) return;
  console.error(`${program} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
  process.exit(1);
}
