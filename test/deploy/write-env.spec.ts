import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { readSettings } from '../../libs/platform/configuration/settings.js';

let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'gatehouse-env-'));
  mkdirSync(join(checkout, 'deploy'));
  for (const name of ['write-env.sh', 'compose.env.example'])
    cpSync(join('deploy', name), join(checkout, 'deploy', name));
});
afterEach(() => rmSync(checkout, { recursive: true }));

const run = (env: NodeJS.ProcessEnv = process.env) =>
  spawnSync('sh', [join(checkout, 'deploy', 'write-env.sh')], { encoding: 'utf8', cwd: tmpdir(), env });
/** An environment in which programs are replaced by a script. */
function withPrograms(names: readonly string[], script: string): NodeJS.ProcessEnv {
  const programs = join(checkout, 'programs');
  mkdirSync(programs);
  for (const name of names) writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { ...process.env, PATH: `${programs}:${process.env.PATH}`, REAL_PATH: process.env.PATH };
}
const written = () => parseEnv(readFileSync(join(checkout, '.env'), 'utf8'));

it('writes every variable that docker-compose.yml requires, with secrets that only the owner may read', () => {
  expect(run()).toMatchObject({ status: 0, stderr: '' });
  const { POSTGRES_PASSWORD, POSTGRES_SERVICE_PASSWORD, ...settings } = written();
  for (const password of [POSTGRES_PASSWORD, POSTGRES_SERVICE_PASSWORD]) expect(password).toMatch(/^[0-9a-f]{48}$/);
  expect(POSTGRES_SERVICE_PASSWORD).not.toBe(POSTGRES_PASSWORD);
  const { masterKey, identityKey } = readSettings(settings);
  expect(masterKey).toHaveLength(32);
  expect(identityKey).toHaveLength(32);
  expect(masterKey!.equals(identityKey!)).toBe(false);
  const required = readFileSync('docker-compose.yml', 'utf8').matchAll(/\$\{(\w+):\?/g);
  expect(Object.keys(written())).toEqual(expect.arrayContaining([...required].map(([, name]) => name!)));
  expect(statSync(join(checkout, '.env')).mode & 0o777).toBe(0o600);
  expect(readdirSync(checkout).sort()).toEqual(['.env', 'deploy']);
});

it('makes other secrets in each checkout, and replaces none', () => {
  run();
  const first = written();
  expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('.env exists, and nothing was changed') });
  expect(written()).toEqual(first);
  rmSync(join(checkout, '.env'));
  run();
  for (const name of ['POSTGRES_PASSWORD', 'GATEHOUSE_MASTER_KEY', 'GATEHOUSE_IDENTITY_KEY'])
    expect(written()[name]).not.toBe(first[name]);
});

it('passes no secret to a program as an argument, which other users could see', () => {
  const log = join(checkout, 'arguments');
  const names = ['awk', 'base64', 'cat', 'head', 'ln', 'od', 'perl', 'rm', 'sed', 'tr'];
  const script = `printf '%s\\n' "\${0##*/} $*" >> '${log}'; PATH=$REAL_PATH exec "\${0##*/}" "$@"`;
  expect(run(withPrograms(names, script))).toMatchObject({ status: 0, stderr: '' });
  const given = readFileSync(log, 'utf8');
  expect(given).toContain('base64');
  for (const name of ['POSTGRES_PASSWORD', 'GATEHOUSE_MASTER_KEY', 'GATEHOUSE_IDENTITY_KEY'])
    expect(given).not.toContain(written()[name]);
});

it('says that .env exists only if it does', () => {
  const failed = run(withPrograms(['ln'], 'echo "ln: not permitted" >&2; exit 1'));
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining("can't create .env (ln: not permitted)") });
  expect(existsSync(join(checkout, '.env'))).toBe(false);
});
