import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeclaredRoutes } from '../../libs/http/credentials/declared-routes.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

/** What a terminal would obey: clear the screen, end of line, C1 control, and direction marks. */
const HOSTILE = '\u001b[2J\r\u009b31m\u202eevil\u2066\u200f';
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be printed
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;
let directory: string;
let cli: ReturnType<typeof commandLineFor>;
let accountId: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-operators-'));
  gatehouse = await startGatehouse();
  operator = await gatehouse.as('olga', 'operator');
  service = await gatehouse.as('web-site', 'service');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  ({ accountId } = (await service.post('/v1/waitlist', { email: 'ada@example.org', reason: 'to-paint' })).body);
  await gatehouse.settle();
});
afterAll(async () => {
  await gatehouse.close();
  await rm(directory, { recursive: true, force: true });
});

const text = async (...args: string[]): Promise<string> => {
  const result = await cli.run(...args);
  expect({ args, ...result }).toMatchObject({ code: 0, stderr: '' });
  return result.stdout;
};

it('refuses a parameter that a route does not know, on every route', async () => {
  const routes = gatehouse.app.get(DeclaredRoutes).all();
  expect(routes.length).toBeGreaterThan(30);
  for (const { method, path, access } of routes) {
    const named = path.replace(':action', 'generate').replaceAll(/:\w+/g, '0196e0f0-0000-7000-8000-000000000001');
    const at = `${named}?noSuchThing=1`;
    const isForServicesOnly = access.roles?.join() === 'service';
    const caller = isForServicesOnly ? service : gatehouse.administrator;
    const body = { reason: 'because' };
    const answer =
      method === 'GET'
        ? await caller.get(at)
        : method === 'DELETE'
          ? await caller.delete(at)
          : await caller[method === 'PUT' ? 'put' : 'post'](at, body);
    expect([method, path, answer.status, JSON.stringify(answer.body)]).toEqual([
      method,
      path,
      400,
      expect.stringContaining('noSuchThing'),
    ]);
  }
});

it('shows who set the rate and why it is paused, and sets it only if nobody did meanwhile', async () => {
  const { etag } = (await operator.get('/v1/rollout')).body;
  const put = (perWeek: number, tag: string) =>
    fetch(`${gatehouse.url}/v1/rollout/rate`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${gatehouse.administratorToken}`,
        'content-type': 'application/json',
        'if-match': tag,
      },
      body: JSON.stringify({ perWeek }),
    });
  expect((await put(1000, etag)).status).toBe(200);
  expect((await put(1400, etag)).status).toBe(412);
  expect((await put(1000, etag)).status).toBe(200); // repeated
  await operator.post('/v1/rollout/pause', { reason: 'reviewers are behind' });
  await operator.post('/v1/rollout/resume');
  const rollout = await operator.get('/v1/rollout');
  expect(rollout.headers.get('etag')).toBe(rollout.body.etag);
  expect(rollout.body.changes).toMatchObject([
    { type: 'OnboardingRateSet', perWeek: 1000, actor: { id: 'administrator', role: 'administrator' } },
    { type: 'OnboardingPaused', reason: 'reviewers are behind', actor: { id: 'olga', role: 'operator' } },
    { type: 'OnboardingResumed', actor: { id: 'olga', role: 'operator' } },
  ]);
  expect(await text('rate', 'show')).toMatch(/paused: reviewers are behind +\w+:olga as operator/);
  expect(await cli.run('rate', 'set', '1', '--if-match', etag)).toMatchObject({ code: 5 });
  expect(await text('events', '--stream', 'rollout')).toMatch(/OnboardingPaused.*olga as operator/);
});

it('suspends and resumes an action on the command line, and shows who did it why', async () => {
  const cohort = ['--cohort', 'week-20'];
  const until = '2999-06-01T12:00:00Z';
  const suspended = await text('switch', 'suspend', 'share', 'leaked links', ...cohort, '--until', until, '--json');
  const { etag } = JSON.parse(suspended);
  expect(await text('switch', 'list')).toMatch(/\nshare +week-20 .* 2999-06-01 12:00:00 +leaked links\n/);
  expect(await text('status')).toContain('share for cohort week-20 until 2999-06-01 12:00:00 (leaked links)');
  const refused = await cli.run('switch', 'resume', 'share', 'done', ...cohort, '--if-match', '"other"');
  expect(refused).toMatchObject({ code: 5, stdout: '', stderr: expect.stringMatching(/has changed/) });
  const resumed = await text('switch', 'resume', 'share', 'done', ...cohort, '--if-match', etag);
  expect(resumed).toMatch(/suspended +no\n[\s\S]*ActionSuspended .* leaked links\n.*ActionResumed .* done\n/);
  expect(await text('switch', 'list')).toBe('nothing is suspended\n');
  for (const [args, stderr] of [
    [['flag', 'x'], /choices are generate/],
    [['share', 'x', '--until', 'noon'], /a time such as/],
  ] as const)
    expect(await cli.run('switch', 'suspend', ...args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(stderr),
    });
});

it('walks from a flag to a deactivation on the command line, and says why', async () => {
  await service.post('/v1/events', [
    cloudEvent('ContentFlagged', { imageId: 'w-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] }),
    cloudEvent('ImageGenerated', { imageId: 'w-1', accountId, prompt: 'a secret horse' }),
  ]);
  await gatehouse.settle();
  // The flag does not name the account; the image, which is stored with it, does.
  expect((await operator.get('/v1/cases')).body.items).toMatchObject([{ caseId: 'w-1', accountId }]);
  expect((await operator.get('/v1/cases/w-1')).body).toMatchObject({ accountId });
  expect(await text('case', 'list')).toMatch(new RegExp(`w-1 +open +default +\\d+ +${accountId} +1 .*violent`));
  expect(await text('image', 'show', 'w-1')).toContain(accountId);
  expect(await text('case', 'claim', 'w-1')).toMatch(/^case w-1 is claimed by administrator until/);
  expect(await text('case', 'release', 'w-1')).toBe('case w-1 is released\n');
  expect(await text('case', 'verdict', 'w-1', 'unsafe', '--clause', 'violent', '--rationale', 'lower left')).toBe(
    'case w-1 is confirmed\n',
  );
  expect(await text('case', 'show', 'w-1')).toMatch(
    /^decided at +\d{4}-[\s\S]*administrator +– +unsafe[\s\S]*ReviewConfirmed/m,
  );
  await gatehouse.settle();

  const { why, history } = (await operator.get(`/v1/accounts/${accountId}`)).body;
  expect(why).toEqual([
    {
      reason: 'account-deactivated',
      text: expect.stringMatching(
        `^${accountId} is deactivated because case w-1 of image w-1 was confirmed \\(clause violent\\), as decided by administrator, by process \\S+ at 20`,
      ),
      caseId: 'w-1',
      imageId: 'w-1',
      reviewers: ['administrator'],
      position: expect.any(String),
      time: expect.any(String),
      actor: expect.objectContaining({ kind: 'process' }),
    },
    expect.objectContaining({ reason: 'not-onboarded' }),
  ]);
  expect(history.at(-1)).toMatchObject({ type: 'AccountDeactivated', reason: 'review-confirmed', caseId: 'w-1' });
  expect(JSON.stringify([why, history])).not.toMatch(/to-paint|horse|lower left/);
  expect(await text('account', 'why', accountId)).toContain(why[0].text);
  expect(await text('enforcement', 'show', 'w-1')).toMatch(/^ladder +default ladder$/m);
  expect(await text('access', 'check', accountId, 'generate')).toBe(
    `${accountId} may not generate: account-deactivated\n`,
  );

  await text('account', 'reinstate', accountId, '--reason', 'appeal-granted');
  await text('account', 'suspend', accountId, '--until', '2999-01-01T00:00:00Z', '--reason', 'second-strike');
  expect(await text('account', 'why', accountId)).toMatch(
    /is suspended until 2999-01-01T00:00:00.000Z for second-strike/,
  );
  await text('switch', 'suspend', 'join', 'bots', '--until', '2999-06-01T12:00:00Z');
  expect(await text('account', 'why', accountId)).toContain(
    '\nsuspended: join for everyone until 2999-06-01 12:00:00 (bots)\n',
  );
  await text('switch', 'resume', 'join', 'over');
  const before = (await operator.get(`/v1/accounts/${accountId}`)).body.history[0].position;
  expect(await text('account', 'why', accountId, '--as-of', before)).toMatch(/^\S+ is on the waitlist/);
  await text('account', 'deactivate', accountId, '--reason', 'operator-decision', '--categories', 'hate');
  expect(await text('account', 'show', accountId)).toMatch(
    /AccountDeactivated +\S+ as administrator +operator-decision/,
  );
});

it('lists and shows cohorts', async () => {
  await service.post('/v1/waitlist', { email: 'bob@example.org' });
  await gatehouse.settle();
  await operator.post('/v1/cohorts', { cohortId: 'c-1', size: 1 });
  await gatehouse.settle();
  for (const args of [['list'], ['show', 'c-1']])
    expect(await text('cohort', ...args)).toMatch(/c-1 +onboarded +1 +1 /);
  expect(await cli.run('cohort', 'show', 'none')).toMatchObject({ code: 6 });
});

describe('The command line', () => {
  it('prints nothing that a terminal obeys, and with --json the same strings', async () => {
    const event = cloudEvent('ImageShared', { imageId: HOSTILE }, { id: HOSTILE });
    const { results } = (await service.post('/v1/events', event)).body;
    const id = results[0].quarantineId;
    for (const args of [['list'], ['show', id], ['replay', id], ['show', HOSTILE], [HOSTILE]]) {
      for (const flags of [[], ['--json']]) {
        const { stdout, stderr } = await cli.run('quarantine', ...args, ...flags);
        expect([args, OBEYED.exec(stdout + stderr)]).toEqual([args, null]);
      }
    }
    const listed = (await cli.run('quarantine', 'list', '--json')).json();
    expect(listed.items.map(({ eventId }: { eventId: string }) => eventId)).toContain(HOSTILE);
  });

  it('reads the token from a file that an option or the environment names', async () => {
    const file = join(directory, 'token');
    await writeFile(file, `${gatehouse.administratorToken}\n`);
    const anonymous = commandLineFor({ url: gatehouse.url });
    expect(await anonymous.run('token', 'list')).toMatchObject({ code: 4 });
    expect(await anonymous.run('token', 'list', '--token-file', file)).toMatchObject({ code: 0 });
    expect(await anonymous.run('token', 'list', '--token-file', join(directory, 'none'))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--token-file .*none can't be read \(ENOENT\)/),
    });
    const named = commandLineFor({ url: gatehouse.url, tokenFile: file });
    expect(await named.run('token', 'list')).toMatchObject({ code: 0 });
  });
});
