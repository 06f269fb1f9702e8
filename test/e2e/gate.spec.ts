import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

/** How far the clock is ahead of the database, which knows when events were stored. */
let ahead = 0;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let rita: Client;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => Date.now() + ahead } });
  service = await gatehouse.as('images', 'service');
  operator = await gatehouse.as('olga', 'operator');
  rita = await gatehouse.as('rita', 'reviewer');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
});
afterAll(() => gatehouse.close());

async function send(...events: [type: string, data: Record<string, unknown>][]) {
  const time = new Date(Date.now() + ahead).toISOString();
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  for (let from = 0; from < events.length; from += 500) {
    const body = events.slice(from, from + 500).map(([type, data]) => cloudEvent(type, data, { time }));
    expect((await service.post('/v1/events', body, headers)).status).toBe(202);
  }
  await gatehouse.settle();
}
/** Images of an account that it made and that somebody downloaded, each twice, which counts once. */
const exposed = (accountId: string, name: string, count: number) =>
  Array.from({ length: count }, (_, n): [string, Record<string, unknown>][] => [
    ['ImageGenerated', { imageId: `${name}-${n}`, accountId }],
    ['ImageDownloaded', { imageId: `${name}-${n}` }],
    ['ImageShared', { imageId: `${name}-${n}`, accountId }],
  ]).flat();
const flag = (imageId: string): [string, Record<string, unknown>] => [
  'ContentFlagged',
  { imageId, flaggedBy: 'somebody', flaggerKind: 'user', categories: ['violent'] },
];
const gate = async (query = '') => (await operator.get(`/v1/gate${query}`)).body;

async function onboard(cohortId: string, people: number): Promise<string[]> {
  const joined: string[] = [];
  for (let n = 0; n < people; n++) {
    joined.push((await service.post('/v1/waitlist', { email: `${cohortId}-${n}@example.org` })).body.accountId);
  }
  await gatehouse.settle();
  expect((await operator.post('/v1/cohorts', { size: people, cohortId })).status).toBe(202);
  await gatehouse.settle();
  return joined;
}

it('holds without a stage until a rate is set', async () => {
  await send(...exposed('early', 'early', 3));
  expect(await gate()).toMatchObject({
    outcome: 'hold',
    reasons: expect.arrayContaining(['no-stage', 'exposures-insufficient', 'accounts-insufficient']),
    stage: null,
    settings: { limit: 0.00015, alpha: 0.05, labelDelayDays: 9, accountCap: 3, plannedStages: null },
    exposures: { passes: false, exposures: 0, upper: 1 },
    late: null,
    etag: expect.stringMatching(/-0"$/),
  });
  expect((await operator.put('/v1/rollout/rate', { perWeek: 10, reason: 'a test', confirm: 10 })).status).toBe(200);
  expect(await gate()).toMatchObject({ stage: { ordinal: 1, cause: 'rate-raised' }, exposures: { exposures: 0 } });
});

it('begins a stage with each change of the limit, the parameters and the model, and not with what changes nothing', async () => {
  const { etag } = await gate();
  const limit = await operator.put('/v1/gate/limit', { limit: 0.2, reason: 'a test' }, { 'if-match': etag });
  expect(limit.status).toBe(200);
  expect((await gate()).stage).toMatchObject({ ordinal: 2, cause: 'limit-set' });
  const parameters = {
    labelDelayDays: 3,
    lateShare: 0,
    accountDays: 2,
    accountCap: 1,
    alpha: 0.3,
    silenceDays: 365,
    reason: 'a test',
  };
  const late = await operator.put('/v1/gate/parameters', parameters, { 'if-match': etag });
  expect([late.status, late.body.change]).toEqual([412, 'GateLimitSet']);
  expect((await operator.put('/v1/gate/parameters', parameters)).status).toBe(200);
  expect((await operator.put('/v1/gate/parameters', parameters)).status).toBe(200);
  expect((await operator.post('/v1/gate/model-changes', { model: 'm-2', reason: 'a test' })).status).toBe(200);
  expect((await operator.post('/v1/gate/model-changes', { model: 'm-2', reason: 'a test' })).status).toBe(200);
  expect((await operator.put('/v1/rollout/rate', { perWeek: 5, reason: 'a test', confirm: 5 })).status).toBe(200);
  const last = await gate();
  expect(last).toMatchObject({
    stage: { ordinal: 4, cause: 'model-changed' },
    late: { since: last.stage.since, violations: 0, late: 0, isExceeded: false, leastShare: null },
    settings: { limit: 0.2, labelDelayDays: 3, accountDays: 2, accountCap: 1, alpha: 0.3 },
    exposures: { limit: 0.2, alpha: 0.3 / 20, exposures: 0 },
  });
});

it.each([
  ['limit', { limit: 0, reason: 'a test' }],
  ['limit', { limit: 0.6, reason: 'a test' }],
  ['limit', { limit: 0.1 }],
  ['parameters', { lateShare: 1, reason: 'a test' }],
  ['parameters', { accountCap: 1.5, reason: 'a test' }],
  ['parameters', { recallLower: 0, reason: 'a test' }],
])('refuses %s %j', async (path, body) => {
  expect((await operator.put(`/v1/gate/${path}`, body)).status).toBe(400);
  expect((await rita.put(`/v1/gate/${path}`, body)).status).toBe(403);
});

it('counts distinct exposures once they are old enough, and of these what is flagged and not dismissed', async () => {
  const [one, two] = (await onboard('c-1', 2)) as [string, string];
  await send(...exposed(one, 'a', 20), ...exposed(two, 'b', 10), ['ImageDownloaded', { imageId: 'early-0' }]);
  await send(flag('a-0'), flag('a-1'), flag('b-0'));
  await judge(rita, 'a-0', 'unsafe');
  await judge(rita, 'a-1', 'safe');
  await gatehouse.settle();
  expect(await gate()).toMatchObject({ exposures: { exposures: 0, pending: 0, confirmed: 0 }, harm: [] });

  ahead += 3 * DAY_MS;
  const matured = await gate();
  expect(matured).toMatchObject({
    exposures: { exposures: 30, pending: 1, confirmed: 1 },
    accounts: { accounts: 0, exposures: 0, violations: 0 },
    harm: [{ cohortId: 'c-1', ordinal: 1, exposures: 30, confirmed: 1, isHarm: false }],
    load: { waiting: 1, people: 1, activePeople: 1 },
  });
  expect(matured.exposures.upper).toBeGreaterThan(2 / 30);

  ahead += 2 * DAY_MS;
  const closed = await gate();
  expect(closed.exposures).toMatchObject({ exposures: 30 });
  expect(closed.accounts).toMatchObject({ accounts: 2, exposures: 30, violations: 2 });
});

it('supports a higher rate once both tests pass and reviewers keep up', async () => {
  ahead += 15 * DAY_MS;
  await judge(rita, 'b-0', 'safe');
  await gatehouse.settle();
  expect((await gate()).reasons).toEqual(expect.arrayContaining(['accounts-insufficient']));
  const more = await onboard('c-2', 3);
  await send(...more.flatMap((accountId, n) => exposed(accountId, `c${n}`, 60)));
  const open = await gate('?perWeek=1');
  expect(open.exposures).toMatchObject({ passes: true, moreCleanExposures: 0 });
  expect(open.exposures.upper).toBeLessThan(open.exposures.limit);
  expect(open.exposures.logE).toBeGreaterThan(-Math.log(open.exposures.alpha));
  expect(open.accounts).toMatchObject({ passes: true, accounts: 5 });
  expect(open).toMatchObject({ outcome: 'expand', reasons: [], missing: [], load: { people: 4, activePeople: 3 } });
  expect(open.load.casesPerDayAfter).toBeCloseTo((open.load.casesPerDay * 4) / 3);
  expect((await operator.get('/v1/rollout')).body.words).toContainEqual(
    expect.stringMatching(
      /^Capacity: 3 of 4 people who are in generated images in a week; .* cases come a day, and .* would with \d+ more people/,
    ),
  );
});

it('advises to stop if more than three days of work wait', async () => {
  await send(...Array.from({ length: 5 }, (_, n) => flag(`c0-${n}`)));
  expect(await gate('?perWeek=1')).toMatchObject({
    outcome: 'brake',
    reasons: expect.arrayContaining(['backlog-too-long', 'backlog-over-a-day']),
    exposures: { pending: 5 },
  });
});

it('is shown and set on the command line, with its promise and its assumptions', async () => {
  const shown = await cli.run('gate', 'show', '--per-week', '1');
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(
    /^Stop: admit nobody until this is clear\.\n- more cases wait than reviewers can decide in the days that are allowed/,
  );
  expect(shown.stdout).toMatch(/stage +4, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(another model: m-2\)/);
  expect(shown.stdout).toMatch(/active people +3 in a week, of 4 who are in/);
  expect(shown.stdout).toMatch(/Promise: with a chance of at most 30%/);
  expect(shown.stdout).toMatch(/an account makes at most 1\./);
  const set = await cli.run('gate', 'set', '--limit', '0.1', '--account-cap', '3', '--reason', 'a test', '--json');
  expect(set.json()).toMatchObject({ stage: { ordinal: 6 }, settings: { limit: 0.1, accountCap: 3, lateShare: 0 } });
  const model = await cli.run('gate', 'model-changed', 'm-3', 'a test', '--json');
  expect(model.json().stage).toMatchObject({ ordinal: 7, cause: 'model-changed' });
  const { etag } = model.json();
  const both = [
    'gate',
    'set',
    '--limit',
    '0.2',
    '--account-cap',
    '2',
    '--reason',
    'a test',
    '--if-match',
    etag,
    '--json',
  ];
  expect((await cli.run(...both)).json()).toMatchObject({ settings: { limit: 0.2, accountCap: 2 } });
  const late = await cli.run(...both.map((one) => (one === '0.2' ? '0.3' : one)));
  expect(late.code).toBeGreaterThan(0);
  expect(late.stderr).toMatch(/changed-meanwhile/);
  expect(await cli.run('gate', 'set', '--reason', 'a test')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/name what to set/),
  });
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
