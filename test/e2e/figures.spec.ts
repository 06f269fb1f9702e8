import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { viewTable } from '../../libs/projections/view-tables.js';
import { MAX_GROUPS } from '../../libs/safety/queries/groupings.js';
import { safetyImagesView } from '../../libs/safety/views/safety-images.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

let gatehouse: TestGatehouse;
let lead: Client;
let rita: Client;
let service: Client;

const send = async (...events: unknown[]) => {
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  expect((await service.post('/v1/events', events, headers)).status).toBe(202);
  await gatehouse.settle();
};
const generated = (imageId: string, accountId: string, more = {}) =>
  cloudEvent('ImageGenerated', { imageId, accountId, ...more });
const flag = (imageId: string, categories: string[]) =>
  cloudEvent('ContentFlagged', { imageId, flaggedBy: 'detector', flaggerKind: 'detector', categories });

/** rita finds a problem of the model, a violation that is reversed, and nothing where rolf finds a violation later. */
beforeAll(async () => {
  gatehouse = await startGatehouse();
  lead = await gatehouse.as('lena', 'lead');
  rita = await gatehouse.as('rita', 'reviewer');
  const rolf = await gatehouse.as('rolf', 'reviewer');
  service = await gatehouse.as('image-service', 'service');
  await send(
    generated('biased', 'ann', { model: 'dalle-2' }),
    generated('wound', 'bob', { model: 'dalle-2' }),
    generated('sign', 'cleo', { model: 'dalle-3' }),
    generated('unseen', 'cleo'),
    flag('biased', ['bias', 'hate']),
    flag('wound', ['violent']),
    flag('sign', ['hate']),
  );
  for (const [caseId, verdict] of [
    ['biased', 'model-problem'],
    ['wound', 'unsafe'],
    ['sign', 'safe'],
  ] as const)
    expect((await judge(rita, caseId, verdict)).status).toBe(200);
  expect((await lead.post('/v1/cases/sign/reopen', { reason: 'the sign was read' })).status).toBe(200);
  await gatehouse.settle();
  expect((await judge(rolf, 'sign', 'unsafe')).status).toBe(200);
  await gatehouse.settle();
  const { status } = await gatehouse.administrator.post('/v1/accounts/bob/reinstatement', { reason: 'appeal-granted' });
  expect(status).toBe(200);
  await gatehouse.settle();
});
afterAll(() => gatehouse?.close());

describe('problems of the model', () => {
  it('are counted by model and category, with intervals', async () => {
    const { body } = await lead.get('/v1/metrics/model-problems');
    expect(body).toMatchObject({
      whole: { generated: 4, decided: 3, problems: 1, shareOfDecided: { hits: 1, of: 3 }, shareOfGenerated: { of: 4 } },
      models: [
        { model: 'dalle-2', generated: 2, decided: 2, problems: 1, shareOfGenerated: { hits: 1, of: 2 } },
        { model: 'dalle-3', generated: 1, decided: 1, problems: 0 },
        { model: null, generated: 1, decided: 0, problems: 0, shareOfDecided: null },
      ],
      categories: [
        { category: 'bias', decided: 1, problems: 1 },
        { category: 'hate', decided: 2, problems: 1 },
        { category: 'violent', decided: 1, problems: 0 },
      ],
    });
    expect(body.groups).toHaveLength(4);
    expect(body.groups[1]).toMatchObject({ model: 'dalle-2', category: 'hate', decided: 1, problems: 1 });
    // Newcombe's method for 1 of 3.
    expect(body.whole.shareOfDecided.low).toBeCloseTo(0.0615, 4);
  });

  it('are listed for the team of the model, without the account', async () => {
    const { items } = (await service.get('/v1/metrics/model-problems/images?limit=1')).body;
    expect(items).toEqual([
      {
        imageId: 'biased',
        model: 'dalle-2',
        categories: ['bias', 'hate'],
        generatedAt: expect.any(String),
        foundAt: expect.any(String),
      },
    ]);
    expect((await service.get('/v1/metrics/model-problems/images?cursor=x')).status).toBe(400);
  });
});

describe('the record of a reviewer', () => {
  it('has verdicts, agreement, precision against overturned decisions, and times', async () => {
    const { items, agreement } = (await lead.get('/v1/metrics/reviewers')).body;
    const times = { count: 3, p50Ms: expect.any(Number), p95Ms: expect.any(Number) };
    expect(items).toMatchObject([
      {
        reviewer: 'rita',
        source: null,
        verdicts: { safe: 1, unsafe: 1, unsure: 0, modelProblem: 1 },
        agreementWithDecision: { hits: 3, of: 3 },
        precision: { hits: 0, of: 1 },
        overturned: { hits: 2, of: 3 },
        kappa: null,
        timeToFirstView: times,
        timeToVerdict: times,
        answerTime: null,
      },
      { reviewer: 'rolf', agreementWithDecision: { hits: 1, of: 1 }, precision: { hits: 1, of: 1 } },
    ]);
    expect(agreement).toEqual({ krippendorff: null });
  });

  it('is shown to leads only', async () => {
    expect((await rita.get('/v1/metrics/reviewers')).status).toBe(403);
    expect((await service.get('/v1/metrics/reviewers')).status).toBe(403);
  });
});

describe('a service that disregards decisions', () => {
  it('is named with the account, the image, the reason and how late it was', async () => {
    const { accountId } = (await service.post('/v1/waitlist', { email: 'dan@example.org' })).body;
    await gatehouse.settle();
    await gatehouse.administrator.post('/v1/policy', { version: '1' });
    await gatehouse.administrator.put('/v1/rollout/rate', { perWeek: 10 });
    await gatehouse.administrator.post('/v1/cohorts', { cohortId: 'c', accounts: [accountId] });
    await gatehouse.settle();
    await service.post(`/v1/accounts/${accountId}/policy-acceptance`, { version: '1' });
    await gatehouse.administrator.post(`/v1/accounts/${accountId}/deactivation`, { reason: 'operator-decision' });
    const inTwoMinutes = { time: new Date(Date.now() + 120_000).toISOString() };
    const late = cloudEvent('ImageShared', { imageId: 'late', accountId }, inTwoMinutes);
    await send(generated('in-progress', accountId), late);
    const { body } = await gatehouse.administrator.get('/v1/metrics/disregarded-decisions');
    const ofDan = body.items.find((one: { accountId: string }) => one.accountId === accountId);
    expect(ofDan.uses).toEqual([
      {
        service: late.source,
        action: 'share',
        imageId: 'late',
        reason: 'account-deactivated',
        at: inTwoMinutes.time,
        lateMs: expect.any(Number),
      },
    ]);
    expect(Math.abs(ofDan.uses[0].lateMs - 120_000)).toBeLessThan(30_000);
    // One image of each account that nobody onboarded: of ann, bob and cleo.
    expect(body).toMatchObject({ accounts: 4, uses: 4, services: [{ service: late.source, uses: 4 }] });
    expect(body.reasons).toEqual([
      { reason: 'not-onboarded', uses: 3 },
      { reason: 'account-deactivated', uses: 1 },
    ]);
  });

  it('is listed page by page', async () => {
    const path = '/v1/metrics/disregarded-decisions?limit=3';
    const first = (await gatehouse.administrator.get(path)).body;
    const second = (await gatehouse.administrator.get(`${path}&cursor=${first.nextCursor}`)).body;
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([3, 1, undefined]);
  });
});

/* What follows changes the figures above. */

it('an overturned decision is right again once what overturned it is reversed', async () => {
  const { administrator } = gatehouse;
  expect((await administrator.post('/v1/accounts/cleo/reinstatement', { reason: 'appeal-granted' })).status).toBe(200);
  await gatehouse.settle();
  const { items } = (await lead.get('/v1/metrics/reviewers')).body;
  expect(items).toMatchObject([
    { reviewer: 'rita', precision: { hits: 0, of: 1 }, overturned: { hits: 1, of: 3 } },
    { reviewer: 'rolf', precision: { hits: 0, of: 1 }, overturned: { hits: 1, of: 1 } },
  ]);
});

it('a problem in an image that nobody reported as generated is no share of the generated images', async () => {
  await send(flag('ghost', ['bias']));
  expect((await judge(rita, 'ghost', 'model-problem')).status).toBe(200);
  await gatehouse.settle();
  const { whole, models } = (await lead.get('/v1/metrics/model-problems')).body;
  expect(whole).toMatchObject({ problems: 2, shareOfDecided: { hits: 2 }, shareOfGenerated: { hits: 1 } });
  expect(models.at(-1)).toMatchObject({ model: null, problems: 1, shareOfGenerated: { hits: 0 } });
});

it('more models than are listed hide neither the whole nor the categories', async () => {
  const before = (await lead.get('/v1/metrics/model-problems')).body;
  const images = viewTable(safetyImagesView);
  await gatehouse.runtime.pool.query(`INSERT INTO ${images}
    SELECT (jsonb_populate_record(one, jsonb_build_object('image_id', 'many-' || n, 'model', 'a' || n))).*
    FROM ${images} one, generate_series(1, ${MAX_GROUPS + 1}) n WHERE one.image_id = 'biased'`);
  const { whole, models, groups, categories } = (await lead.get('/v1/metrics/model-problems')).body;
  expect(whole.generated).toBe(before.whole.generated + MAX_GROUPS + 1);
  expect(whole.problems).toBe(before.whole.problems + MAX_GROUPS + 1);
  expect(categories.map(({ category }: { category: string }) => category)).toEqual(['bias', 'hate', 'violent']);
  expect([models.length, groups.length]).toEqual([MAX_GROUPS, MAX_GROUPS]);
});
