import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAY_MS, toIso } from '../../libs/kernel/clock.js';
import { cliFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

/** How far the clock is ahead of the database, which knows when events were stored. */
let ahead = 0;
let gatehouse: TestGatehouse;
let operator: Client;
let early: string;

const PEOPLE = ['ann', 'ben', 'cleo'];
const totals = async (query = '') => (await operator.get(`/v1/rollout/calibration${query}`)).body;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => Date.now() + ahead } });
  operator = await gatehouse.as('olga', 'operator');
  const { administrator } = gatehouse;
  early = (await operator.put('/v1/rollout/rate', { perWeek: 10 })).body.position;
  await administrator.post('/v1/policy', {
    version: 'v1',
    clauses: [{ id: 'violent', title: 'No violence', severity: 2 }],
  });
  const joins = [...PEOPLE, 'dan'].map((accountId) =>
    cloudEvent('WaitlistJoined', {
      accountId,
      email: `${accountId}@example.org`,
      ...(accountId === 'ann' && { class: 'artists' }),
    }),
  );
  await administrator.post('/v1/events', joins);
  await gatehouse.settle();
  expect((await administrator.post('/v1/cohorts', { cohortId: 'one', accounts: PEOPLE })).status).toBe(202);
  await gatehouse.settle();
  const at = toIso(Date.now());
  const facts = PEOPLE.flatMap((accountId, person) =>
    [0, 1, 2, 3].flatMap((n) => {
      const image = { imageId: `${accountId}-${n}`, accountId };
      return [
        cloudEvent('ImageGenerated', image, { time: at }),
        ...(n < 2 ? [cloudEvent('ImageShared', { ...image, audience: 'public' }, { time: at })] : []),
        ...(n === 2 ? [cloudEvent('ImageDownloaded', image, { time: at })] : []),
        ...(n === 3 ? [cloudEvent('ImageShared', { ...image, audience: 'link' }, { time: at })] : []),
        ...(n === 0 && person > 0
          ? [
              cloudEvent(
                'ContentFlagged',
                {
                  ...image,
                  flaggedBy: person === 1 ? 'eve' : 'detector-1',
                  flaggerKind: person === 1 ? 'user' : 'detector',
                  categories: ['violent'],
                },
                { time: at },
              ),
            ]
          : []),
      ];
    }),
  );
  expect((await administrator.post('/v1/events', facts)).status).toBe(202);
  await gatehouse.settle();
  expect((await judge(administrator, 'ben-0', 'unsafe')).status).toBe(200);
  await gatehouse.settle();
  ahead = 15 * DAY_MS;
});
afterAll(() => gatehouse.close());

it('has the totals of each class, and nobody’s id', async () => {
  const found = await totals();
  expect(found).toMatchObject({
    ...{ perWeek: 10, reviewers: 1, waitingCases: 1 },
    joins: [
      { class: 'artists', weeksAgo: 2, people: 1 },
      { class: 'general', weeksAgo: 2, people: 3 },
    ],
    waiting: [{ class: 'general', people: 1 }],
    present: [
      { class: 'artists', week: 2, people: 1 },
      { class: 'general', week: 2, people: 1 },
    ],
    generated: [
      { class: 'artists', week: 0, images: 4 },
      { class: 'general', week: 0, images: 8 },
    ],
    uses: [
      { class: 'artists', accounts: 1, images: 4, imagesSquared: 16, shared: 2, sharedProduct: 8, downloaded: 1 },
      { class: 'general', accounts: 2, images: 8, imagesSquared: 32, shared: 4, sharedProduct: 16, downloaded: 2 },
    ],
    exposures: [
      { class: 'artists', exposed: 3, confirmed: 0, dismissed: 0, pending: 0 },
      {
        class: 'general',
        exposed: 6,
        confirmed: 1,
        confirmedSquared: 1,
        confirmedProduct: 3,
        dismissed: 0,
        pending: 1,
      },
    ],
    flags: { flagged: 2, byUsers: 1 },
    verdictTimes: { cases: 2, waiting: 1, p95Ms: null },
    stageDays: [
      { class: 'artists', daysAgo: 15, exposed: 3, flagged: 0 },
      { class: 'general', daysAgo: 15, exposed: 6, flagged: 2, pending: 1, confirmed: 1 },
    ],
  });
  const activeOf = (name: string, of: 'days' | 'activeDays'): number[] =>
    found.active
      .filter((one: { class: string }) => one.class === name)
      .map((one: { days: number; activeDays: number }) => one[of]);
  expect([activeOf('artists', 'activeDays'), activeOf('general', 'activeDays')]).toEqual([
    [1, 0, 0],
    [2, 0, 0],
  ]);
  const [first, second, third] = activeOf('artists', 'days');
  expect([first, second]).toEqual([7, 7]);
  // Of 15 days, the first and the last of which are parts of a day; one more if midnight is between.
  expect([2, 3]).toContain(third);
  expect(Date.parse(found.at) - Date.parse(found.firstJoin)).toBeGreaterThanOrEqual(15 * DAY_MS);
  const artists = found.stays.filter((one: { class: string }) => one.class === 'artists');
  expect(artists.map((one: { week: number }) => one.week)).toEqual([0, 1, 2]);
  expect(artists.reduce((sum: number, one: { personDays: number }) => sum + one.personDays, 0)).toBeCloseTo(15, 1);
  expect(JSON.stringify(found)).not.toMatch(/ann|ben|cleo|dan|eve|example\.org/);
});

it('is recorded with who read what, before it is given out', async () => {
  const reads = async (): Promise<{ data: unknown; metadata: { actor: { id: string } } }[]> =>
    (await gatehouse.administrator.get('/v1/log?stream=audit&types=TotalsRead&limit=1000')).body.events;
  const before = await reads();
  const { from, at } = await totals('?weeks=2');
  const [read, ...others] = (await reads()).slice(before.length);
  expect([read, others]).toEqual([
    expect.objectContaining({
      data: { from, until: at },
      metadata: expect.objectContaining({ actor: expect.objectContaining({ id: 'olga' }) }),
    }),
    [],
  ]);
  expect((await operator.get('/v1/rollout/calibration?weeks=0')).status).toBe(400);
  expect(await reads()).toHaveLength(before.length + 1);
});

it('is for those who set the rate, and for compliance', async () => {
  const status = async (role: 'service' | 'reviewer' | 'lead' | 'compliance') =>
    (await (await gatehouse.as(`a-${role}`, role)).get('/v1/rollout/calibration')).status;
  expect([await status('service'), await status('reviewer'), await status('lead'), await status('compliance')]).toEqual(
    [...[403, 403, 403, 200]],
  );
  expect((await operator.get('/v1/rollout/calibration?weeks=0')).status).toBe(400);
});

it('has what was known at an earlier position', async () => {
  const found = await totals(`?asOf=${early}`);
  expect(found).toMatchObject({ position: early, perWeek: 10, joins: [], stays: [], stageDays: [] });
  const { position, ...now } = await totals();
  const { at, ...then } = await totals(`?asOf=${position}`);
  expect({ ...then, position: undefined }).toMatchObject({ uses: [], waitingCases: now.waitingCases });
  expect(Date.parse(at)).toBeLessThan(Date.parse(now.at));
});

it('becomes a scenario on the command line, which can be edited and played', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-calibration-'));
  const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const printed = await cli.run('simulate', '--from-log', '--print', '--weeks', '1');
  expect([printed.code, printed.stderr]).toEqual([
    0,
    expect.stringMatching(/people\.general\.violationRate .*1 confirmed and 1 waiting of 6 exposed images/),
  ]);
  expect(JSON.parse(printed.stdout)).toMatchObject({ name: 'from-log', days: 7, before: { waitingCases: 1 } });
  const page = join(directory, 'rates.html');
  const played = await cli.run(...`simulate --from-log --weeks 1 --rates 10,20 --runs 1 --report ${page}`.split(' '));
  expect([played.code, played.stderr]).toEqual([0, expect.stringContaining('simulated days')]);
  expect(played.stdout).toMatch(/^rate a week +people +images/im);
  expect(played.stdout).toMatch(/^20 +\d/m);
  expect(await readFile(page, 'utf8')).toContain('Gate at 20 a week');
  await rm(directory, { recursive: true });
});

it('is refused on the command line if there is no history, or the answer is none', async () => {
  const other = await startGatehouse();
  const cli = cliFor({ url: other.url, token: other.administratorToken });
  const { code, stdout, stderr } = await cli.run('simulate', '--from-log', '--print');
  expect([code, stdout]).toEqual([expect.any(Number), '']);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/nobody was in, and nobody who was in generated an image, and no image/);
  await other.close();

  const hostile = createServer((_, response) => response.end(JSON.stringify({ at: 'x\nforged\u001b[2K' })));
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(hostile.address() as AddressInfo).port}`;
  const answered = await cliFor({ url, token: 'x' }).run('simulate', '--from-log', '--print');
  hostile.close();
  expect(answered.stderr).toMatch(/the totals of the installation make no scenario/);
  expect(`${answered.stdout}${answered.stderr}`).not.toMatch(/^forged|\p{Cc}(?<!\n)/mu);
});

it('is refused with what to do if people have only just come in, which is no fault of the service', async () => {
  const young = await startGatehouse();
  const { administrator, settle } = young;
  const controller = await young.as('olga', 'operator');
  await controller.put('/v1/rollout/rate', { perWeek: 10 });
  const delay = await controller.put('/v1/gate/parameters', { labelDelayDays: 0, reason: 'young' });
  expect(delay.status).toBe(200);
  await administrator.post('/v1/events', [
    cloudEvent('WaitlistJoined', { accountId: 'ann', email: 'ann@example.org' }),
  ]);
  await settle();
  await administrator.post('/v1/cohorts', { cohortId: 'one', accounts: ['ann'] });
  await settle();
  const image = { imageId: 'ann-1', accountId: 'ann' };
  const time = toIso(Date.now());
  await administrator.post('/v1/events', [
    cloudEvent('ImageGenerated', image, { time }),
    cloudEvent('ImageShared', { ...image, audience: 'public' }, { time }),
  ]);
  await settle();
  const { code, stdout, stderr } = await cliFor({ url: young.url, token: young.administratorToken }).run(
    ...['simulate', '--from-log', '--print'],
  );
  await young.close();
  expect([code, stdout]).toEqual([5, '']);
  expect(stderr).toMatch(/too little happened in the last 12 weeks to fit a scenario .*: let more time pass/);
  expect(stderr).not.toMatch(/--url|version/);
});
