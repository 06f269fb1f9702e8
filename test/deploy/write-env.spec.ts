import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
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

const run = () => spawnSync('sh', [join(checkout, 'deploy', 'write-env.sh')], { encoding: 'utf8', cwd: tmpdir() });
const written = () => parseEnv(readFileSync(join(checkout, '.env'), 'utf8'));

it('writes every variable that docker-compose.yml requires, with secrets that only the owner may read', () => {
  expect(run()).toMatchObject({ status: 0, stderr: '' });
  const { POSTGRES_PASSWORD, ...settings } = written();
  expect(POSTGRES_PASSWORD).toMatch(/^[0-9a-f]{48}$/);
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
