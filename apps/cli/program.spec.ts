import { PassThrough } from 'node:stream';
import { expect, it } from '@jest/globals';
import type { CommandGroup } from '../../libs/cli/commands.js';
import { contexts } from '../contexts.js';
import { runCommandLine } from './program.js';

const run = (...args: string[]) => runWith(contexts, ...args);

async function runWith(listed: typeof contexts, ...args: string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const terminal = { env: {}, stdout, stderr, signal: new AbortController().signal };
  const code = await runCommandLine(args, terminal, listed);
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

const COMMANDS = [
  'status',
  'token create',
  'token revoke',
  'token list',
  'settings',
  'waitlist join',
  'waitlist leave',
  'waitlist accept',
  'waitlist class',
  'waitlist list',
  'waitlist place',
  'waitlist confirm',
  'waitlist resend-confirmation',
  'waitlist resend-confirmations',
  'waitlist import',
  'waitlist addresses',
  'policy publish',
  'policy withdraw',
  'policy show',
  'policy clauses',
  'rollout status',
  'rollout timeline',
  'rollout history',
  'rollout propose',
  'rollout propose-phase',
  'rollout approve',
  'rollout decline',
  'rollout cancel',
  'rollout revert',
  'rollout ramp',
  'rollout confirm-step',
  'rollout end-ramp',
  'rate show',
  'rate preview',
  'rate set',
  'rate pause',
  'rate resume',
  'cohort plan',
  'cohort schedule',
  'cohort end-schedule',
  'cohort invite',
  'cohort withdraw-invitations',
  'cohort invitations',
  'cohort onboard',
  'cohort close',
  'cohort addresses',
  'cohort list',
  'cohort show',
  'gate show',
  'gate set',
  'gate explain',
  'gate override',
  'gate approve',
  'gate end-override',
  'gate detector-changed',
  'gate model-changed',
  'gate compute',
  'account address',
  'account show',
  'account why',
  'account suspend',
  'account restrict',
  'account deactivate',
  'account reinstate',
  'access check',
  'image show',
  'image preview',
  'image restore',
  'queue list',
  'queue set',
  'case list',
  'case show',
  'case next',
  'case claim',
  'case release',
  'case verdict',
  'case withdraw',
  'case hold',
  'case hand-over',
  'case escalate',
  'case reopen',
  'case review',
  'case reveal',
  'reviewer exposure',
  'reviewer break',
  'reviewer decline',
  'reviewer declined',
  'reviewer exposure-sums',
  'reviewer severe-viewers',
  'reviewer grant-severe',
  'reviewer revoke-severe',
  'reviewer show',
  'reviewer skills',
  'reviewer link',
  'reviewer unlink',
  'flagger list',
  'flagger flags',
  'flagger replay',
  'flagger release',
  'sampling show',
  'sampling set',
  'bulk start',
  'bulk undo',
  'bulk skipped',
  'bulk list',
  'bulk show',
  'bulk cancel',
  'golden add',
  'golden list',
  'golden show',
  'golden retire',
  'enforcement list',
  'enforcement show',
  'enforcement latency',
  'enforcement acknowledge',
  'enforcement redeliver',
  'ladder show',
  'ladder set',
  'ladder dry-run',
  'appeal list',
  'appeal show',
  'appeal file',
  'appeal next',
  'appeal claim',
  'appeal release',
  'appeal hand-over',
  'appeal decide',
  'notice list',
  'notice show',
  'notice redeliver',
  'regulation statements',
  'regulation statement',
  'regulation retry',
  'regulation retry-refused',
  'regulation mapping',
  'regulation set-mapping',
  'regulation check-mapping',
  'regulation report',
  'authority records',
  'authority order',
  'authority dispute',
  'authority trust-flagger',
  'authority distrust-flagger',
  'target list',
  'target set',
  'target remove',
  'hold list',
  'hold place',
  'hold lift',
  'hold report',
  'person erase',
  'person keep',
  'person erasure',
  'person erasures',
  'person export',
  'person accesses',
  'request list',
  'request add',
  'request close',
  'retention',
  'keys show',
  'keys rotate',
  'switch list',
  'switch show',
  'switch suspend',
  'switch resume',
  'image-rule list',
  'image-rule show',
  'image-rule set',
  'image-rule lift',
  'metrics show',
  'metrics model-problems',
  'metrics restricted-images',
  'metrics prevalence',
  'metrics active-people',
  'metrics reviewers',
  'metrics disregarded-decisions',
  'events',
  'quarantine list',
  'quarantine show',
  'quarantine replay',
  'quarantine discard',
  'views list',
  'views rebuild',
  'views verify',
  'audit keys',
  'audit rotate-key',
  'audit verify',
  'export events',
  'export decisions',
  'export cases',
  'export moderation',
  'export accounts',
  'export list',
  'export verify',
  'report preview',
  'report publish',
  'report list',
  'report show',
  'report verify',
  'migrate',
  'audit prove',
  'audit verify-bundle',
  'audit publish',
  'witness serve',
  'audit account',
  'audit image',
  'audit case',
  'audit cohort',
  'audit enforcement',
  'audit appeal',
  'audit clause',
  'audit person',
  'audit policy',
  'audit rollout',
  'audit ladder',
  'audit targets',
  'audit switches',
  'audit rules',
  'audit review-settings',
  'audit rebuild',
  'audit replays',
  'audit drop-replay',
  'audit diff',
  'audit decision',
  'audit decisions',
  'audit metrics',
  'audit search',
  'audit who',
  'import',
  'export-log',
  'import-log',
  'renew-log-epoch',
  'adopt-log',
  'demo',
  'simulate',
];

/** The commands that --help lists, with the groups expanded. */
async function listed(group: string[] = []): Promise<string[]> {
  const { stdout } = await run(...group, '--help');
  const commands = [...(stdout.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name!);
  const found = commands.filter((name) => name !== 'help').map((name) => listed([...group, name]));
  return found.length > 0 ? (await Promise.all(found)).flat() : [group.join(' ')];
}

it('lists exactly the commands that are documented below', async () => {
  expect((await listed()).sort()).toEqual([...COMMANDS].sort());
});

it('lists the commands in the order in which people need them, and those of a new context after them', async () => {
  const commands: CommandGroup = (program) => void program.command('strikes').description('Shows strikes.');
  const { stdout } = await runWith([{ cli: async () => ({ commands }) }, ...contexts], '--help');
  const shown = [...stdout.split('\nCommands:\n')[1]!.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name!);
  const known = [...new Set(COMMANDS.map((name) => name.split(' ')[0]!))];
  expect(shown).toEqual([...known, 'strikes', 'help']);
});

it.each(COMMANDS)('documents %s with an example', async (command) => {
  const { code, stdout } = await run(...command.split(' '), '--help');
  expect(code).toBe(0);
  expect(stdout).toContain(`$ gatehouse ${command}`);
  expect(stdout).toContain('--json');
});

it('documents its exit codes', async () => {
  const { code, stdout } = await run('--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Exit codes:[\s\S]*7 +a verification found a difference\n +8 +nobody was onboarded/);
});

it.each([
  [['no-such-command'], /unknown command 'no-such-command'/],
  [['token'], /Commands:[\s\S]*create/],
  [['token', 'create', 'x'], /--role/],
  [['token', 'create', 'x', '--role', 'king'], /king is not one of operator/],
  [['events', '--limit', 'many'], /an integer from 1 to 1000000/],
  [['metrics', '--from', '2022-02-30', '--by', 'day'], /a day such as 2022-05-18/],
  [
    ['status', '--url', 'nonsense'],
    /--url is nonsense, which is not an HTTP URL: use one such as http:\/\/127.0.0.1:8080/,
  ],
  [['status', '--token', 'two words'], /the token has a character that tokens never contain/],
  [['simulate'], /is missing: give one of --scenario, --from-log, --schema and --statistics/],
  [['simulate', '--statistics', '--runs', '1'], /--runs must be at least 100 here/],
  [['simulate', '--from-log', '--runs', '1001'], /--runs must be at most 1000 here/],
  [['simulate', '--from-log', '--rates', '1000,x'], /--rates must be one to 6 integers/],
  [['import'], /nothing to import/],
  [['import', '--reviews', 'reviews.csv'], /--reviews requires --flags/],
  [['import', '--flags', '/no/such/file'], /--flags \/no\/such\/file can't be read \(ENOENT\)/],
])('rejects the usage %j with a reason and exits with 2', async (args, message) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

it.each([
  [['status', '--url', 'http://127.0.0.1:9'], 3, 'port-blocked', /HTTP clients block the port/],
  [['status', '--url', 'nonsense'], 2, 'invalid-input', /--url is nonsense/],
  [['no-such-command'], 2, 'wrong-usage', /^unknown command/],
  [['token'], 2, 'wrong-usage', /--help/],
  [['events', '--limit', 'many'], 2, 'wrong-usage', /an integer from 1 to 1000000/],
])('reports the error of %j as a problem document on stderr with --json', async (args, code, type, detail) => {
  const ended = await run(...args, '--json');
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(JSON.parse(ended.stderr)).toMatchObject({
    type: expect.stringMatching(new RegExp(`/${type}$`)),
    title: expect.any(String),
    detail: expect.stringMatching(detail),
  });
});

it('prints help with --json too', async () => {
  expect(await run('token', 'list', '--json', '--help')).toMatchObject({ code: 0, stderr: '' });
});
