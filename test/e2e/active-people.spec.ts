import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DAY_MS, toIso, utcDayOf } from '../../libs/kernel/clock.js';
import { calendarBuckets } from '../../libs/safety/index.js';
import { cliFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

const MONDAY = Date.parse('2022-05-16T00:00:00Z');
const dayAfter = (days: number) => utcDayOf(toIso(MONDAY + days * DAY_MS));
const COHORT_OF: Record<string, string | null> = { ann: 'one', ben: 'one', cleo: 'two', dan: 'two', eve: null };
/** Days after the Monday on which somebody generated images. */
const ACTIVE: [string, number[]][] = [
  ['ann', [0, 0, 1, 6, 7, 13]],
  ['ben', [1, 8]],
  ['cleo', [2, 2, 3, 20]],
  ['dan', []],
  ['eve', [6, 7]],
];

let gatehouse: TestGatehouse;
let compliance: Client;
let before: string;

const send = async (client: Client, ...events: unknown[]) => {
  const { status, body } = await client.post('/v1/events', events);
  expect([status, JSON.stringify(body)]).toEqual([202, expect.not.stringMatching(/refused|rejected|quarantined/)]);
  await gatehouse.settle();
};
const image = (accountId: string, n: number, days: number) => ({
  ...cloudEvent('ImageGenerated', { imageId: `${accountId}-${n}`, accountId }),
  time: toIso(MONDAY + days * DAY_MS + 3_600_000 * n),
});
const at = (event: object, days: number) => ({ ...event, time: toIso(MONDAY + days * DAY_MS) });
const peopleOf = async (query: Record<string, string>) =>
  (await active(query)).groups.map(({ group, people }: { group: string; people: number }) => ({ group, people }));
const active = async (query: Record<string, string>) =>
  (await compliance.get(`/v1/metrics/active-people?${new URLSearchParams(query)}`)).body;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  compliance = await gatehouse.as('carla', 'compliance');
  const service = await gatehouse.as('images', 'service');
  const { administrator } = gatehouse;
  await administrator.put('/v1/rollout/rate', { perWeek: 100 });
  const accounts = Object.keys(COHORT_OF);
  await send(
    service,
    ...accounts.map((accountId) => cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@x.org` })),
  );
  await administrator.post('/v1/cohorts', { cohortId: 'one', accounts: ['ann', 'ben'] });
  await administrator.post('/v1/cohorts', { cohortId: 'two', accounts: ['cleo', 'dan'] });
  await gatehouse.settle();
  const images = ACTIVE.flatMap(([accountId, days]) => days.map((day, n) => image(accountId, n, day)));
  await send(service, ...images);
  before = (await active({})).position;
  await send(service, image('dan', 0, 1), ...images);
});
afterAll(() => gatehouse.close());

/** Distinct people, from the definition. */
function expected(by: 'day' | 'week' | 'cohort', isMeant: (day: number, cohort: string | null) => boolean) {
  const groups = new Map<string | null, Set<string>>();
  for (const [accountId, days] of [...ACTIVE, ['dan', [1]] as const])
    for (const day of days) {
      const cohort = COHORT_OF[accountId]!;
      if (!isMeant(day, cohort)) continue;
      const [inDay, inWeek] = calendarBuckets(MONDAY + day * DAY_MS);
      const group = { day: inDay.slice(4), week: inWeek.slice(5), cohort }[by];
      groups.set(group, (groups.get(group) ?? new Set()).add(accountId));
    }
  const sorted = [...groups].sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1));
  return sorted.map(([group, people]) => ({ group, people: people.size }));
}

it('are distinct accounts by day and week, exact for every period', async () => {
  expect(await peopleOf({})).toEqual(expected('day', () => true));
  expect(await peopleOf({ by: 'week' })).toEqual(expected('week', () => true));
  for (const [first, last] of [
    [0, 0],
    [1, 7],
    [6, 8],
    [9, 30],
  ] as const) {
    const period = { from: dayAfter(first), to: dayAfter(last) };
    const isIn = (day: number) => day >= first && day <= last;
    expect(await peopleOf(period)).toEqual(expected('day', isIn));
    expect(await peopleOf({ ...period, by: 'cohort' })).toEqual(expected('cohort', isIn));
    for (const by of ['day', 'week'] as const)
      expect(await peopleOf({ ...period, by, cohort: 'one' })).toEqual(
        expected(by, (day, cohort) => isIn(day) && cohort === 'one'),
      );
  }
});

it('are those of an earlier position, from a replay', async () => {
  const one = (asOf: string) => peopleOf({ by: 'cohort', from: dayAfter(0), to: dayAfter(6), asOf });
  expect(await one(before)).toEqual([
    { group: 'one', people: 2 },
    { group: 'two', people: 1 },
    { group: null, people: 1 },
  ]);
  const { position } = await active({});
  expect(await one(position)).toContainEqual({ group: 'two', people: 2 });
  expect(await active({ asOf: before })).toMatchObject({ position: before });
});

it('have the images of the same days, and of each person', async () => {
  const flag = (imageId: string) =>
    cloudEvent('ContentFlagged', { imageId, flaggedBy: 'zoe', flaggerKind: 'user', categories: ['violent'] });
  await send(
    await gatehouse.as('images', 'service'),
    at(cloudEvent('ImageShared', { imageId: 'ann-0', accountId: 'ann' }), 1),
    at(cloudEvent('ImageDownloaded', { imageId: 'ann-0' }), 2),
    at(cloudEvent('ImageDownloaded', { imageId: 'ann-1' }), 8),
    at(flag('ann-0'), 2),
    at(flag('cleo-0'), 3),
  );
  await judge(await gatehouse.as('rita', 'reviewer'), 'ann-0', 'unsafe');
  await gatehouse.settle();
  const period = { from: dayAfter(0), to: dayAfter(6) };
  const week = {
    ...{ group: '2022-W20', people: 5 },
    images: { generated: 10, exposed: 1, flagged: 2, confirmed: 1 },
    perPerson: { generated: 2, exposed: 0.2, flagged: 0.4, confirmed: 0.2 },
  };
  expect((await active({ ...period, by: 'week' })).groups).toEqual([week]);
  const imagesOf = async (query: Record<string, string>) =>
    (await active({ ...period, ...query })).groups.map(({ group, images }: typeof week) => [
      group,
      Object.values(images),
    ]);
  expect(await imagesOf({ by: 'cohort' })).toEqual([
    ['one', [5, 1, 1, 1]],
    ['two', [4, 0, 1, 0]],
    [null, [1, 0, 0, 0]],
  ]);
  expect(await imagesOf({ by: 'day', cohort: 'one' })).toEqual([
    [dayAfter(0), [2, 0, 0, 0]],
    [dayAfter(1), [2, 1, 0, 0]],
    [dayAfter(6), [1, 0, 0, 0]],
  ]);
  expect(await imagesOf({ by: 'day', to: dayAfter(2) })).toEqual([
    [dayAfter(0), [2, 0, 0, 0]],
    [dayAfter(1), [3, 1, 0, 0]],
    [dayAfter(2), [2, 0, 1, 1]],
  ]);
});

it('are refused by cohort without a first day', async () => {
  expect(await active({ by: 'cohort' })).toMatchObject({ errors: [{ field: 'from' }] });
  expect(await active({ by: 'cohort', from: dayAfter(0), cohort: 'one' })).toMatchObject({
    errors: [{ field: 'cohort' }],
  });
});

it('are shown by the command line', async () => {
  const cli = cliFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const { stdout } = await cli.run('metrics', 'active-people', '--by', 'cohort', '--from', dayAfter(0));
  expect(stdout).toMatch(/one +2 .*\n.*two +2 .*\n.*no cohort +1 /);
});
