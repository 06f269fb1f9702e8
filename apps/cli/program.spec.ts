import { PassThrough } from 'node:stream';
import { expect, it } from '@jest/globals';
import { runCommandLine } from './program.js';

async function run(...args: string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await runCommandLine(args, { env: {}, stdout, stderr, signal: new AbortController().signal });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

const COMMANDS = [
  'status',
  'token create',
  'token revoke',
  'token list',
  'waitlist join',
  'waitlist list',
  'policy publish',
  'policy show',
  'rate show',
  'rate set',
  'rate pause',
  'rate resume',
  'cohort onboard',
  'account show',
  'metrics',
  'events',
  'quarantine list',
  'quarantine show',
  'quarantine replay',
  'views list',
  'views rebuild',
  'views verify',
  'import',
  'demo',
];

it.each(COMMANDS)('explains %s with an example', async (command) => {
  const { code, stdout } = await run(...command.split(' '), '--help');
  expect(code).toBe(0);
  expect(stdout).toContain(`$ gatehouse ${command}`);
  expect(stdout).toContain('--json');
});

it('explains its exit codes', async () => {
  const { code, stdout } = await run('--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Exit codes:[\s\S]*7 +a verification found a difference/);
});

it.each([
  [['no-such-command'], /unknown command 'no-such-command'/],
  [['token'], /Commands:[\s\S]*create/],
  [['token', 'create', 'x'], /--role/],
  [['token', 'create', 'x', '--role', 'king'], /king is not one of operator/],
  [['events', '--limit', 'many'], /whole number from 1 to 2000/],
  [['metrics', '--from', '2022-02-30', '--by', 'day'], /a day like 2022-05-18/],
  [['status', '--url', 'nonsense'], /--url must be like http:\/\/127.0.0.1:8080, is nonsense/],
  [['status', '--token', 'two words'], /--token has a character that no token has/],
  [['import'], /nothing to import/],
  [['import', '--reviews', 'reviews.csv'], /--reviews needs --flags/],
  [['import', '--flags', '/no/such/file'], /--flags \/no\/such\/file can't be read \(ENOENT\)/],
])('says what is wrong with the usage %j and ends with 2', async (args, message) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
