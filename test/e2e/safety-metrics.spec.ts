import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

let gatehouse: TestGatehouse;
let compliance: Client;

/** Ten images on each of two days; 1 to 4 are shared and flagged, 1 and 2 confirmed, 3 dismissed, 4 waits. Two cohorts. */
beforeAll(async () => {
  gatehouse = await startGatehouse();
  compliance = await gatehouse.as('carla', 'compliance');
  const service = await gatehouse.as('images', 'service');
  const reviewer = await gatehouse.as('rita', 'reviewer');
  const send = async (events: unknown[]) =>
    expect(
      (await service.post('/v1/events', events, { 'content-type': 'application/cloudevents-batch+json' })).status,
    ).toBe(202);
  const at = (day: number) => ({ time: `2022-05-${day}T10:00:00Z` });
  const images = [18, 19].flatMap((day) =>
    Array.from({ length: 10 }, (_, n) => ({
      imageId: `img-${day}-${n + 1}`,
      accountId: `acc-${day}-${n + 1}`,
      day,
      n: n + 1,
    })),
  );
  const cohorts = {
    'all-of-18': images.filter(({ day }) => day === 18),
    'some-of-19': images.filter(({ day, n }) => day === 19 && [1, 4, 9].includes(n)),
  };
  await send(
    Object.values(cohorts)
      .flat()
      .map(({ accountId }) => cloudEvent('WaitlistJoined', { accountId, email: `${accountId}@example.org` })),
  );
  await gatehouse.settle();
  expect((await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 100 })).status).toBe(200);
  for (const [cohortId, members] of Object.entries(cohorts)) {
    const accounts = members.map(({ accountId }) => accountId);
    expect((await gatehouse.administrator.post('/v1/cohorts', { cohortId, accounts })).status).toBe(202);
    await gatehouse.settle();
  }
  await send(
    images.map(({ imageId, accountId, day }) =>
      cloudEvent('ImageGenerated', { imageId, accountId, model: `dalle-${day === 18 ? 2 : 3}` }, at(day)),
    ),
  );
  const shared = images.filter(({ n }) => n <= 5);
  await send(shared.map(({ imageId, accountId, day }) => cloudEvent('ImageShared', { imageId, accountId }, at(day))));
  const byLink = { imageId: 'img-18-6', accountId: 'acc-18-6', audience: 'link' };
  await send([cloudEvent('ImageShared', byLink, at(18))]);
  const flagged = images.filter(({ n }) => n <= 4);
  for (const flaggedBy of ['f1', 'f2']) {
    await send(
      flagged.map(({ imageId, day, n }) =>
        cloudEvent(
          'ContentFlagged',
          { imageId, flaggedBy, flaggerKind: 'user', categories: n === 1 ? ['hate', 'violent'] : ['violent'] },
          at(day),
        ),
      ),
    );
  }
  await gatehouse.settle();
  for (const { imageId, n } of flagged.filter((one) => one.n <= 3)) {
    const { status } = await judge(reviewer, imageId, n === 3 ? 'safe' : 'unsafe');
    expect(status).toBe(200);
  }
  // Claimed, not decided.
  expect((await reviewer.post('/v1/cases/img-18-4/claim')).status).toBe(200);
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const metrics = async (query = '') => (await compliance.get(`/v1/safety/metrics${query}`)).body;

it('counts distinct images despite repeats, and has an interval for every share', async () => {
  const { whole, groups, position } = await metrics();
  expect(whole).toMatchObject({
    generated: 20,
    shared: 11,
    sharedByLink: 1,
    exposed: 10,
    flags: 16,
    flagged: 8,
    cases: { open: 2, confirmed: 4, dismissed: 2 },
    backlog: 2,
    decided: 6,
    deactivated: 4,
    reinstated: 0,
    flaggedShare: { hits: 8, of: 10, value: 0.8 },
    confirmedShare: { hits: 4, of: 6 },
    exposedCases: { open: 2, confirmed: 4, dismissed: 2, modelProblem: 0 },
    exposedConfirmedShare: { hits: 4, of: 6 },
    violationRate: { hits: 4, of: 10, value: 0.4 },
  });
  // Wilson's interval for 4 of 10, from published tables.
  expect(whole.violationRate.low).toBeCloseTo(0.1682, 4);
  expect(whole.violationRate.high).toBeCloseTo(0.6873, 4);
  expect(groups).toEqual([]);
  expect(position).toBe(String(await gatehouse.runtime.store.head()));
});

it('groups by day, week and category', async () => {
  const days = (await metrics('?by=day')).groups;
  expect(days.slice(0, 2)).toMatchObject([
    { group: '2022-05-18', generated: 10, exposed: 5, flagged: 4, decided: 3, backlog: 1 },
    { group: '2022-05-19', generated: 10, exposed: 5, flagged: 4, decided: 3, backlog: 1 },
  ]);
  // Accounts count on the day of their deactivation, which is today.
  expect(days).toHaveLength(3);
  expect(days[2]).toMatchObject({
    deactivated: 4,
    generated: 0,
    flaggedShare: null,
    confirmedShare: null,
    violationRate: null,
  });
  expect((await metrics('?by=week')).groups[0]).toMatchObject({ group: '2022-W20', generated: 20, flagged: 8 });
  expect((await metrics('?by=category')).groups).toMatchObject([
    { group: 'hate', flags: 4, flagged: 2, cases: { confirmed: 2, dismissed: 0, open: 0 }, deactivated: 2 },
    { group: 'violent', flags: 16, flagged: 8, cases: { confirmed: 4, dismissed: 2, open: 2 }, deactivated: 4 },
  ]);
});

it('groups by the cohort of the image’s account, without accounts that have no cohort', async () => {
  const { groups } = await metrics('?by=cohort');
  expect(groups).toMatchObject([
    {
      group: 'all-of-18',
      generated: 10,
      shared: 6,
      sharedByLink: 1,
      exposed: 5,
      flags: 8,
      flagged: 4,
      cases: { open: 1, confirmed: 2, dismissed: 1 },
      flaggedShare: { hits: 4, of: 5 },
      confirmedShare: { hits: 2, of: 3 },
      violationRate: { hits: 2, of: 5 },
      backlog: 1,
      decided: 3,
      deactivated: 2,
      reinstated: 0,
      review: { timeToFirstView: { count: 4 }, timeToVerdict: { count: 3 }, deactivationLatency: { count: 2 } },
    },
    {
      group: 'some-of-19',
      generated: 3,
      exposed: 2,
      flags: 4,
      flagged: 2,
      cases: { open: 1, confirmed: 1, dismissed: 0 },
      deactivated: 1,
      review: { timeToFirstView: { count: 1 }, deactivationLatency: { count: 1 } },
    },
  ]);
  expect(groups).toHaveLength(2);
});

it('groups by the model of the image and by the clause of the confirmation', async () => {
  const ofOneDay = {
    generated: 10,
    exposed: 5,
    flagged: 4,
    cases: { open: 1, confirmed: 2, dismissed: 1 },
    flaggedShare: { hits: 4, of: 5 },
    violationRate: { hits: 2, of: 5 },
    deactivated: 2,
    review: { timeToVerdict: { count: 3 } },
  };
  expect((await metrics('?by=model')).groups).toMatchObject([
    { group: 'dalle-2', ...ofOneDay, shared: 6, sharedByLink: 1 },
    { group: 'dalle-3', ...ofOneDay, shared: 5, sharedByLink: 0 },
  ]);
  expect((await metrics('?by=clause')).groups).toMatchObject([
    {
      group: 'violent',
      flagged: 4,
      cases: { open: 0, confirmed: 4, dismissed: 0 },
      violationRate: { hits: 4, of: 10 },
      deactivated: 4,
      review: { timeToVerdict: { count: 4 } },
    },
  ]);
});

it('has the shares of a category among all exposed images', async () => {
  const [hate] = (await metrics('?by=category')).groups;
  expect(hate).toMatchObject({ flaggedShare: { hits: 2, of: 10 }, violationRate: { hits: 2, of: 10 } });
});

it('has the review times and the deactivation latency, and no agreement for a single reviewer', async () => {
  const { whole } = await metrics();
  const sinceTheFlags = Date.now() - Date.parse('2022-05-19T10:00:00Z');
  expect(whole.review).toEqual({
    timeToFirstView: { count: 7, p50Ms: expect.any(Number), p95Ms: expect.any(Number) },
    timeToVerdict: { count: 6, p50Ms: expect.any(Number), p95Ms: expect.any(Number) },
    agreement: { fleiss: null, cohen: null, krippendorff: null },
    deactivationLatency: { count: 4, p50Ms: expect.any(Number), p95Ms: expect.any(Number) },
  });
  // Half of the flags are from the 19th, the others a day older.
  for (const times of [whole.review.timeToFirstView, whole.review.timeToVerdict]) {
    expect(Math.abs(times.p95Ms - sinceTheFlags - 86_400_000)).toBeLessThan(600_000);
  }
  expect(Math.abs(whole.review.timeToVerdict.p50Ms - sinceTheFlags)).toBeLessThan(600_000);
  expect(whole.review.deactivationLatency.p50Ms).toBeLessThan(600_000);
});

it('returns the requested days beside the whole', async () => {
  const groups = async (query: string) =>
    (await metrics(`?by=day&${query}`)).groups.map((one: { group: string }) => one.group);
  expect(await groups('from=2022-05-19&to=2022-05-19')).toEqual(['2022-05-19']);
  expect(await groups('to=2022-05-18')).toEqual(['2022-05-18']);
  expect(await groups('from=2022-05-20&to=2022-05-31')).toEqual([]);
  expect((await metrics('?by=day&to=2022-05-18')).whole.generated).toBe(20);
  for (const query of [
    'by=hour',
    'by=day&from=18.5.2022',
    'by=day&to=2022-02-30',
    'by=week&from=2022-05-18',
    'from=2022-05-18',
  ]) {
    expect([query, (await compliance.get(`/v1/safety/metrics?${query}`)).status]).toEqual([query, 400]);
  }
});
