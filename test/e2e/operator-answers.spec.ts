import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

// What operators are answered must be what happened.

let gatehouse: TestGatehouse;
let olga: Client;
let omar: Client;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  olga = await gatehouse.as('olga', 'operator');
  omar = await gatehouse.as('omar', 'operator');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  await olga.put('/v1/rollout/rate', { perWeek: 100 });
});
afterAll(() => gatehouse.close());

const codeOf = ({ status, body }: { status: number; body: { type?: string } }) => [
  status,
  body.type?.split('/').at(-1),
];
const joined = async (email: string) => (await olga.post('/v1/waitlist', { email })).body.accountId as string;
const said = async (...args: string[]) => {
  const { code, stdout, stderr } = await cli.run(...args);
  expect([args, code, stderr]).toEqual([args, 0, '']);
  return stdout.replace(/\s+/g, ' ').trim();
};
const refused = async (...args: string[]) => {
  const { code, stdout, stderr } = await cli.run(...args);
  expect([args, code === 0, stdout]).toEqual([args, false, '']);
  return stderr.replace(/\s+/g, ' ');
};

it('cancels and declines only what can be ended, and says what to do instead', async () => {
  expect(await refused('rollout', 'cancel', 'never-was', 'a test')).toMatch(/no change never-was is planned/);
  expect(await refused('rollout', 'decline', 'never-was', 'a test')).toMatch(/no change never-was waits/);
  const proposal = { changeId: 'a-1', perWeek: 150, reason: 'a test' };
  await olga.post('/v1/rollout/proposals', proposal);
  expect(codeOf(await olga.delete('/v1/rollout/planned-changes/a-1?reason=no'))).toEqual([
    404,
    'planned-change-unknown',
  ]);
  for (let n = 0; n < 2; n++) expect((await omar.delete('/v1/rollout/proposals/a-1?reason=no')).status).toBe(200);
  expect((await omar.post('/v1/rollout/proposals/a-1/approval')).body.detail).toMatch(/propose it under another id/);

  await olga.post('/v1/rollout/proposals', { ...proposal, changeId: 'a-2' });
  expect((await omar.post('/v1/rollout/proposals/a-2/approval')).status).toBe(200);
  for (const list of ['proposals', 'planned-changes'])
    expect(codeOf(await olga.delete(`/v1/rollout/${list}/a-2?reason=no`))).toEqual([409, 'change-in-force']);
});

it('names who proposed a change and who approved it', async () => {
  const { items } = (await olga.get('/v1/rollout/history')).body;
  const [rate, approval] = items;
  expect([rate, approval]).toMatchObject([
    { type: 'OnboardingRateSet', by: 'olga', approvedBy: 'omar' },
    { type: 'ApprovalGiven', by: 'olga', approvedBy: 'omar' },
  ]);
  expect((await olga.get('/v1/rollout')).body.changes.at(-1)).toMatchObject({
    actor: { id: 'olga' },
    approvedBy: 'omar',
  });
  expect(await said('rate', 'show')).toContain('user:olga, approved by omar');
  expect(await said('rollout', 'status')).toMatch(
    /Last change: olga set the rate to 150 people .*, approved by omar\./,
  );
});

it('says that a schedule rules and what its end would come to, before it ends', async () => {
  expect(await said('cohort', 'schedule')).toBe('there is no schedule');
  await said('cohort', 'schedule', '--hours', '9', '--reason', 'a test');
  expect(await said('cohort', 'schedule')).toBe(
    'a slice on monday, tuesday, wednesday, thursday, friday at 9:00 in UTC',
  );
  await olga.put('/v1/rollout/rate', { perWeek: 150, daily: true, reason: 'a test' });
  expect(await said('rate', 'show')).toContain('admits slices by the schedule; once it has ended, a seventh');
  expect(await refused('cohort', 'end-schedule', '--reason', 'over')).toMatch(
    /up to 22 people are admitted within seconds.* thenDaily true .*--then-daily/,
  );
  const ending = '/v1/rollout/plan/schedule?reason=over';
  const { status, body } = await olga.delete(ending);
  expect([status, body]).toMatchObject([409, { title: 'Confirmation needed', thenDaily: true, perDay: 22 }]);
  expect((await olga.get('/v1/rollout')).body.isScheduled).toBe(true);
  await said('cohort', 'end-schedule', '--reason', 'over', '--then-daily');
  expect((await olga.get('/v1/rollout')).body.isScheduled).toBe(false);
  expect((await olga.delete(ending)).status).toBe(200);
  await olga.put('/v1/rollout/rate', { perWeek: 150, daily: false, reason: 'a test' });
  await said('cohort', 'schedule', '--hours', '9', '--reason', 'a test');
  await said('cohort', 'end-schedule', '--reason', 'over');
  expect(await refused('cohort', 'schedule', '--days', 'monday')).toMatch(/--hours must be given/);
});

it('counts whom a command changed, and whom it found so', async () => {
  const [one, two] = [await joined('one@example.org'), await joined('two@example.org')];
  const put = (accounts: string) => said('waitlist', 'class', 'artists', '--accounts', accounts, '--reason', 'a test');
  expect(await put(one)).toBe('1 account was put into the class artists');
  expect(await put(`${one},${two}`)).toBe('1 account was put into the class artists, 1 was in it before');
  expect(await put(`${one},${two}`)).toBe('0 accounts were put into the class artists, 2 were in it before');
});

it('says of a complete cohort that nothing was left to close, and that a ceiling is below the people who are in', async () => {
  await gatehouse.settle();
  expect((await olga.post('/v1/cohorts', { cohortId: 'both', size: 2 })).status).toBe(202);
  await gatehouse.settle();
  expect(await said('cohort', 'close', 'both', 'a test')).toBe(
    'nothing was left to close: the onboarding of cohort both is complete',
  );
  expect(await said('rollout', 'propose-phase', 'weekly', 'a test', '--ceiling', '1', '--id', 'low')).toMatch(
    /at most 1 person in total, with 2 people in already, so that nobody else comes in/,
  );
  expect((await olga.post('/v1/rollout/proposals/low/approval')).status).toBe(200);
  expect(await said('rate', 'show')).toContain('2 of 1: nobody else comes in');
  expect(await said('rollout', 'status')).toContain('of 1 at most, with 2 people in already');
});

it('writes addresses for a campaign as they are, and no header if it may not', async () => {
  const addresses = ['=1+2@example.org', '+plus@example.org', '-minus@example.org', "'quote@example.org"];
  for (const email of addresses) await joined(email);
  await gatehouse.settle();
  const { code, stdout } = await cli.run('waitlist', 'addresses', '--reason', 'a campaign');
  const rows = parse(stdout, { columns: true }) as { email: string }[];
  expect([code, rows.map(({ email }) => email)]).toEqual([0, addresses]);
  const { secret } = (await gatehouse.administrator.post('/v1/tokens', { name: 'reads', roles: ['service'] })).body;
  const other = commandLineFor({ url: gatehouse.url, token: secret });
  expect(await other.run('waitlist', 'addresses', '--reason', 'a campaign')).toMatchObject({ stdout: '' });
});

it('imports past blank lines, names the line of a quote that is not closed, and refuses to begin past the end', async () => {
  const directory = await mkdtemp(pathOf(tmpdir(), 'gatehouse-rows-'));
  const file = pathOf(directory, 'people.csv');
  const importing = async (rows: string, ...more: string[]) => {
    await writeFile(file, `email,class\n${rows}`);
    return cli.run('waitlist', 'import', file, '--json', ...more);
  };
  try {
    const blank = await importing('b1@example.org,\n\n  \nb2@example.org,\n\n');
    expect([blank.code, blank.json()]).toEqual([0, { imported: 2, bad: [] }]);
    for (const more of [2, 2_000]) {
      const open = await importing(`b3@example.org,\n"b4@example.org,\n${'b5@example.org,\n'.repeat(more)}`);
      const { imported, bad } = open.json();
      expect([open.code, imported, bad.length, bad[0].line]).toEqual([1, 1, 1, 3]);
      expect(bad[0].why).toMatch(/quote .* not closed, (so )?nothing from here on was imported/);
    }
    expect(await importing('b1@example.org,\n', '--after', '2')).toMatchObject({ code: 0 });
    const past = await importing('b1@example.org,\n', '--after', '3');
    expect([past.code, past.stderr]).toEqual([
      2,
      expect.stringMatching(/--after.* the last row of the file is at line 2/s),
    ]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('names the part of a step that is wrong', async () => {
  expect(await refused('rollout', 'ramp', 'a test', '--step', '2000')).toMatch(
    /2000:14.*: the number of days is missing/,
  );
  expect(await refused('rollout', 'ramp', 'a test', '--step', '2000:x')).toMatch(
    /the number of days must be an integer from 0/,
  );
  const twice = await olga.post('/v1/waitlist/classes', { class: 'artists', accounts: ['a', 'a'], reason: 'a test' });
  expect(twice.body.errors).toEqual([{ field: '/accounts', message: 'must have no value twice' }]);
  const at = toIso(Date.now() + DAY_MS);
  const odd = await olga.put('/v1/rollout/plan/schedule', { timeZone: 'UTC', days: ['x'], hours: [9], reason: at });
  expect(odd.body.errors[0].message).toMatch(/^each value must be one of the following values/);
});
