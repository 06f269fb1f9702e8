import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { READS, runCommandLine } from '../../apps/cli/program.js';
import { commandLineFor } from '../support/cli-process.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

/** Of what a command shows one. */
const IDS: Record<string, string> = {
  'waitlist place': 'acc-1',
  'account show': 'acc-1',
  'account why': 'acc-1',
  'cohort show': 'first',
  'image show': 'img-1',
  'case show': 'img-1',
  'reviewer show': 'rita',
  'flagger flags': 'acc-7',
  'bulk skipped': '0196e0f0-0000-7000-8000-000000000001',
  'bulk show': '0196e0f0-0000-7000-8000-000000000001',
  'golden show': 'golden-1',
  'enforcement list': 'acc-1',
  'enforcement show': 'img-1',
  'appeal show': 'img-1',
  'notice show': '0196e0f0-0000-7000-8000-000000000001',
  'regulation statement': '0196e0f0-0000-7000-8000-000000000001',
  'switch show': 'generate',
  'image-rule show': 'photorealistic-faces',
};

const LOG = 'it is from the log, by its positions';
const NOW = 'it is what the caller has to know now';
const TABLE = 'it shows what is stored beside the log, and has no earlier state';

/** Commands that show or list something as it is now only, or by moments of their own. */
const EXCEPTIONS: Record<string, string> = {
  status: NOW,
  'token list': TABLE,
  settings: NOW,
  'waitlist addresses': NOW,
  'rollout timeline': LOG,
  'rollout history': LOG,
  'rate preview': NOW,
  'cohort addresses': NOW,
  'case review': NOW,
  'case reveal': NOW,
  'reviewer exposure': NOW,
  'reviewer declined': NOW,
  'enforcement latency': TABLE,
  'regulation mapping': NOW,
  'person erasure': NOW,
  'person accesses': LOG,
  'keys show': NOW,
  'metrics restricted-images': TABLE,
  events: LOG,
  'quarantine list': TABLE,
  'quarantine show': TABLE,
  'views list': NOW,
  'audit keys': NOW,
  'audit search': LOG,
  'audit who': LOG,
  'audit replays': TABLE,
  'audit diff': LOG,
  'report preview': LOG,
  'report list': LOG,
  'report show': LOG,
};

/** How the description of a command begins that shows something and changes nothing. */
const SHOWS = /\n\n(?:Shows|Lists|Says|Prints|Estimates) (?!for a target|how many (?:open )?cases)/;

let gatehouse: TestGatehouse;
let run: ReturnType<typeof commandLineFor>['run'];

beforeAll(async () => {
  gatehouse = await startGatehouse();
  ({ run } = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken }));
  const service = await gatehouse.as('images', 'service');
  await service.post('/v1/events', [cloudEvent('WaitlistJoined', { accountId: 'acc-1', email: 'acc-1@example.org' })]);
  await gatehouse.settle();
});
afterAll(() => gatehouse?.close());

async function help(...command: string[]): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const terminal = { env: {}, stdout, stderr, signal: new AbortController().signal };
  expect(await runCommandLine([...command, '--help'], terminal)).toBe(0);
  return String(stdout.read());
}

/** The commands that --help lists, with the groups expanded, and their help. */
async function helps(group: string[] = []): Promise<[name: string, text: string][]> {
  const text = await help(...group);
  const names = [...(text.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name!);
  const found: [string, string][] = [];
  for (const name of names) if (name !== 'help') found.push(...(await helps([...group, name])));
  return names.length > 0 ? found : [[group.join(' '), text]];
}

it('every command that shows something does so as of a moment, or this spec says why not', async () => {
  const all = await helps();
  const withMoment = all.filter(([, text]) => text.includes('--as-of <moment>')).map(([name]) => name);
  expect(withMoment).toEqual(expect.arrayContaining([...READS]));
  expect(withMoment.filter((name) => !name.startsWith('audit ')).sort()).toEqual([...READS].sort());
  const others = all.filter(([name, text]) => SHOWS.test(text) && !withMoment.includes(name)).map(([name]) => name);
  expect(others.filter((name) => !(name in EXCEPTIONS) && !name.startsWith('audit '))).toEqual([]);
});

it.each(READS)('%s reads as of the moment that is asked for', async (name) => {
  const args = [...name.split(' '), ...(IDS[name] === undefined ? [] : [IDS[name]]), '--json'];
  const gone = await run(...args, '--at', '999999999');
  expect([gone.code, JSON.parse(gone.stderr).type]).toEqual([5, expect.stringMatching('/position-gone$')]);
  // Before the first event there is nothing, or no such thing.
  for (const moment of ['0', '2001-01-01T00:00:00Z']) {
    const { code, stderr } = await run(...args, '--as-of', moment);
    if (code !== 6) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
});

it('shows what was then, and takes one moment only', async () => {
  const before = String(await gatehouse.runtime.store.head());
  expect((await run('rate', 'set', '70')).code).toBe(0);
  expect((await run('rate', 'show', '--json')).json()).toMatchObject({ perWeek: 70 });
  expect((await run('rate', 'show', '--json', '--at', before)).json()).toMatchObject({ perWeek: null });
  expect((await run('waitlist', 'list', '--json')).json().items).toHaveLength(1);
  expect((await run('waitlist', 'list', '--json', '--as-of', '0')).json().items).toEqual([]);
  const twice = await run('rate', 'show', '--at', before, '--as-of', before);
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('--at cannot be combined with --as-of')]);
});

it('changes nothing in the past', async () => {
  const plan = ['cohort', 'plan', '--mode', 'order', '--classes', 'testers', '--reason', 'a test', '--at', '0'];
  const refused = await run(...plan);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--as-of is for reading')]);
});
