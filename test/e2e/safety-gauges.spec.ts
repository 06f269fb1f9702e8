import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { until } from '../support/until.js';
import { wholeLog } from '../support/whole-log.js';

let gatehouse: TestGatehouse;
let aheadMs = 0;
beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => Date.now() + aheadMs } });
  const image = cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: 'ann' });
  expect((await gatehouse.administrator.post('/v1/events', image)).status).toBe(202);
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const disregarded = async () => {
  const { body } = await gatehouse.administrator.get('/metrics');
  return body.match(/^gatehouse_disregarded_decisions\{.*$/gm) ?? [];
};

it('are absent, not 0, while they can’t be read', async () => {
  const known = await disregarded();
  expect(known).toContain('gatehouse_disregarded_decisions{reason="not-onboarded"} 1');
  expect(known).toContain('gatehouse_disregarded_decisions{reason="share-restricted"} 0');
  const { pool } = gatehouse.runtime;
  const away = jest.spyOn(pool, 'query').mockImplementation(() => Promise.reject(new Error('Connection terminated')));
  try {
    expect(await disregarded()).toEqual([]);
    expect((await gatehouse.administrator.get('/metrics')).body).not.toMatch(/^gatehouse_(safety|review)_/m);
  } finally {
    away.mockRestore();
  }
  expect(await disregarded()).toEqual(known);
});

it('cost one query of each kind for a scrape', async () => {
  // Figures that are kept for a minute are read again, too.
  aheadMs += 60_000;
  const queries = jest.spyOn(gatehouse.runtime.pool, 'query');
  try {
    await gatehouse.administrator.get('/metrics');
    const texts = queries.mock.calls.map(([query]: unknown[]) => (query as { text?: string }).text ?? String(query));
    expect(texts.filter((text, n) => texts.indexOf(text) !== n)).toEqual([]);
    for (const table of ['safety_counters', 'disregard_counters', 'projections.checkpoints'])
      expect([table, texts.some((text) => text.includes(table))]).toEqual([table, true]);
  } finally {
    queries.mockRestore();
  }
});

const metric = async (name: string) => {
  const { body } = await gatehouse.administrator.get('/metrics');
  return body.match(new RegExp(`^gatehouse_${name}.*$`, 'gm')) ?? [];
};

it('have what became of confirmed cases, at most a minute old', async () => {
  const { administrator } = gatehouse;
  expect(await metric('review_overturned_share')).toEqual([]);
  const rita = await gatehouse.as('rita', 'reviewer');
  const flag = { imageId: 'img-1', flaggedBy: 'detector', flaggerKind: 'detector', categories: ['violent'] };
  await administrator.post('/v1/events', cloudEvent('ContentFlagged', flag));
  await gatehouse.settle();
  expect((await judge(rita, 'img-1', 'unsafe')).status).toBe(200);
  await gatehouse.settle();
  aheadMs += 60_000;
  expect(await metric('review_overturned_share')).toContain('gatehouse_review_overturned_share{bound="value"} 0');
  await administrator.post('/v1/accounts/ann/reinstatement', { reason: 'appeal-granted', cause: 'img-1' });
  await gatehouse.settle();
  expect(await metric('review_overturned_share')).toContain('gatehouse_review_overturned_share{bound="value"} 0');
  aheadMs += 60_000;
  expect(await metric('review_overturned_share')).toContain('gatehouse_review_overturned_share{bound="value"} 1');
});

it('have the latency of deactivations as the endpoint has it', async () => {
  const { administrator } = gatehouse;
  const report = async () => (await administrator.get('/v1/metrics/deactivation-latency')).body;
  const flag = { imageId: 'img-2', flaggedBy: 'detector', flaggerKind: 'detector', categories: ['violent'] };
  const image = cloudEvent('ImageGenerated', { imageId: 'img-2', accountId: 'ben' });
  for (const event of [image, cloudEvent('ContentFlagged', flag)]) await administrator.post('/v1/events', event);
  await gatehouse.settle();
  expect((await judge(await gatehouse.as('rob', 'reviewer'), 'img-2', 'unsafe')).status).toBe(200);
  await gatehouse.settle();
  // What this process had applied before is reported with it, unless it denied nothing any more by then.
  await until(async () => (await administrator.get('/v1/enforcements/img-2')).body.decisionPoints[0]?.appliedAt);
  aheadMs += 60_000;
  const quantiles = ['0.5', '0.95', '0.99'].map((quantile) => expect.stringContaining(`{quantile="${quantile}"} `));
  const shown = await metric('deactivation_latency_seconds');
  expect(shown).toEqual(quantiles);
  const { firstDenial } = await report();
  expect(Math.round(Number(shown[2]!.split(' ')[1]) * 1000)).toBe(firstDenial.p99);
});

it('have the people of the window beside the rate, which is absent until it is set', async () => {
  expect(await metric('rollout_people_(in_window|per_week)')).toEqual(['gatehouse_rollout_people_in_window 0']);
  const { administrator } = gatehouse;
  await administrator.put('/v1/rollout/rate', { perWeek: 100 });
  await administrator.post('/v1/waitlist', { email: 'ada@example.org' });
  await gatehouse.settle();
  expect((await administrator.post('/v1/cohorts', { size: 1 })).status).toBe(202);
  expect(await metric('rollout_people_(in_window|per_week)')).toEqual([
    'gatehouse_rollout_people_in_window 1',
    'gatehouse_rollout_people_per_week 100',
  ]);
});

it('check that the rate was kept and nobody was onboarded twice, against events that no decision allows', async () => {
  await gatehouse.settle();
  const promises = () => metric('rollout_people_(above_rate|onboarded_twice)');
  aheadMs += 60_000;
  expect(await promises()).toEqual([
    'gatehouse_rollout_people_above_rate 0',
    'gatehouse_rollout_people_onboarded_twice 0',
  ]);
  const { store } = gatehouse.runtime;
  const [first] = await wholeLog(store, ['AccountOnboarded']);
  const planted = [String(first!.data.accountId), ...Array.from({ length: 101 }, (_, n) => `planted-${n}`)];
  for (const accountId of planted)
    await store.append([
      {
        stream: `account-${accountId}`,
        expected: 'any',
        events: [newEvent('AccountOnboarded', { accountId, cohortId: 'nobody-admitted' })],
      },
    ]);
  await gatehouse.settle();
  aheadMs += 60_000;
  // By their times they came before anybody whom a rate admitted.
  expect(await promises()).toEqual([
    'gatehouse_rollout_people_above_rate 101',
    'gatehouse_rollout_people_onboarded_twice 1',
  ]);
});
