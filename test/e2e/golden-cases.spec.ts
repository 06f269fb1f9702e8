import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { NOT_SERVED, openDueGolden, servePictures } from '../support/golden-cases.js';
import { FOUNDED, judge } from '../support/judge.js';
import { lookAlike, sameReview } from '../support/look-alike.js';

const HOUR_MS = 3_600_000;

let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let pictures: Awaited<ReturnType<typeof servePictures>>;
let service: Client;
let rita: Client;
let rob: Client;
let lena: Client;
let flags = 0;

beforeAll(async () => {
  pictures = await servePictures();
  gatehouse = await startGatehouse({ clock: { now: () => now }, env: pictures.env });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  rob = await gatehouse.as('rob', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  const clauses = [
    { id: 'violent', title: 'No violence', severity: 2 },
    { id: 'hate', title: 'No hate', severity: 1 },
  ];
  await gatehouse.administrator.post('/v1/policy', { version: '2022-05-18', clauses });
  await gatehouse.settle();
});
afterAll(async () => {
  await gatehouse.close();
  await pictures.close();
});

/** An ordinary case. */
async function flagged(imageId: string): Promise<void> {
  const generated = { imageId, accountId: `acc-${1000 + ++flags}`, prompt: 'a horse' };
  await service.post(
    '/v1/events',
    cloudEvent('ImageGenerated', generated, { time: new Date(now - HOUR_MS).toISOString() }),
  );
  await service.post('/v1/events', cloudEvent('ImageShared', { imageId, accountId: generated.accountId }));
  const flag = { imageId, flaggedBy: `acc-9${flags}`, flaggerKind: 'user', categories: ['violent'] };
  await service.post('/v1/events', cloudEvent('ContentFlagged', flag));
  await gatehouse.settle();
}

const golden = (imageId: string, more: object = {}) => ({
  ...{ imageId, verdict: 'unsafe', clause: 'violent', categories: ['violent'], prompt: 'a horse' },
  ...more,
});
const add = (imageId: string, more: object = {}) => lena.post('/v1/golden-cases', golden(imageId, more));
const show = async (imageId: string) => (await lena.get(`/v1/golden-cases/${imageId}`)).body;
const setShare = (goldenPercent: number) =>
  lena.put('/v1/review-sampling', {
    ...{ secondReviewPercent: 0, secondReviewOfDeactivations: false, goldenPercent, reason: 'a test' },
  });
const log = async () => (await gatehouse.administrator.get('/v1/log?limit=2000')).body.events;

const tick = () => openDueGolden(gatehouse, now);

/** Adds a golden case and opens its case. */
async function opened(imageId: string, more: object = {}): Promise<void> {
  expect(await add(imageId, more)).toMatchObject({ status: 200 });
  await gatehouse.settle();
  await setShare(50);
  for (let n = 0; (await show(imageId)).status === 'waiting'; n++) {
    await flagged(`for-${imageId}-${n}`);
    await judge(rob, `for-${imageId}-${n}`, 'safe');
    await gatehouse.settle();
  }
  await setShare(0);
  now += HOUR_MS;
  await tick();
  expect(await show(imageId)).toMatchObject({ status: 'open' });
}

describe('a golden case', () => {
  it('is added once by a lead, for an image that is served and that nobody has reported or flagged', async () => {
    expect((await rita.post('/v1/golden-cases', golden('g-1'))).status).toBe(403);
    expect((await rita.get('/v1/golden-cases')).status).toBe(403);
    expect(codeOf(await add('g-1'))).toEqual([400, 'invalid-input']);
    await flagged('ordinary');
    expect(codeOf(await add('ordinary'))).toEqual([409, 'image-in-use']);
    const unserved = await add(NOT_SERVED);
    expect(codeOf(unserved)).toEqual([404, 'image-content-unknown']);
    expect(unserved.body.detail).toMatch(/give the image service this picture first$/);
    expect(codeOf(await add('g-1', { clause: undefined }))).toEqual([400, 'invalid-input']);
    expect(codeOf(await add('g-1', { clause: 'other' }))).toEqual([409, 'clause-unknown']);
    expect(codeOf(await add('g-1', { queue: 'other' }))).toEqual([404, 'queue-unknown']);
    expect(codeOf(await add('g-1', { accountId: 'acc-1001' }))).toEqual([409, 'account-in-use']);
    const { status, body } = await add('g-1', { note: 'a copy' });
    expect(status).toBe(200);
    expect((await add('g-1')).body.position).toBe(body.position);
    expect(codeOf(await add('g-1', { clause: 'hate' }))).toEqual([409, 'golden-case-exists']);
    await gatehouse.settle();
    expect(await show('g-1')).toMatchObject({
      status: 'waiting',
      verdict: 'unsafe',
      addedBy: 'lena',
      note: 'a copy',
      answers: [],
    });
    expect((await lena.get('/v1/golden-cases?status=waiting')).body.items).toMatchObject([{ goldenId: 'g-1' }]);
    expect((await lena.get('/v1/golden-cases?status=open')).body.items).toEqual([]);
    expect(codeOf(await lena.get('/v1/golden-cases/none'))).toEqual([404, 'golden-case-unknown']);
  });

  it('is not opened while the share is 0, and is retired without a case', async () => {
    now += HOUR_MS;
    await tick();
    expect((await rita.get('/v1/cases/g-1')).status).toBe(404);
    const retire = (id: string) => lena.delete(`/v1/golden-cases/${id}?reason=disputed`);
    expect(codeOf(await retire('none'))).toEqual([404, 'golden-case-unknown']);
    const { body } = await retire('g-1');
    expect((await retire('g-1')).body.position).toBe(body.position);
    await gatehouse.settle();
    expect(await show('g-1')).toMatchObject({ status: 'retired' });
  });

  it('looks like any other to a reviewer at every step, and touches nobody', async () => {
    await opened('golden');
    await flagged('common');
    const before = (await log()).length;
    const people = { gatehouse, reviewer: rita, lead: lena };
    await sameReview(lookAlike(people, ['common', 'golden']), people, FOUNDED);
    const types = new Map<string, string[]>();
    for (const { type, data, subject, stream } of (await log()).slice(before)) {
      const about = JSON.stringify([data, subject, stream]).includes('golden') ? 'golden' : 'others';
      types.set(about, [...(types.get(about) ?? []), type]);
    }
    expect(types.get('others')).toEqual(
      expect.arrayContaining(['ReviewConfirmed', 'EnforcementOrdered', 'ImageWithheld']),
    );
    expect(types.get('golden')!.filter((type) => !/^(Case|ContentViewed|VerdictGiven)/.test(type))).toEqual([
      'GoldenCaseAnswered',
    ]);
    expect(await show('golden')).toMatchObject({
      status: 'answered',
      answers: [{ reviewer: 'rita', verdict: 'unsafe', clause: 'violent', isRight: true }],
    });
    expect((await lena.get('/v1/cases/golden')).body.history.at(-1)).toMatchObject({ type: 'GoldenCaseAnswered' });
  });

  it('does not exist for other systems, bulk jobs and appeals, and is not reopened', async () => {
    await judge(rob, 'ordinary', 'safe');
    await opened('hidden');
    const outside = (type: string, data: object) =>
      service.post('/v1/events', cloudEvent(type, { caseId: 'hidden', ...data }));
    await outside('VerdictGiven', { reviewer: 'x', verdict: 'unsafe' });
    await outside('ReviewConfirmed', { imageId: 'hidden', categories: [], reviewers: ['x'] });
    await service.post(
      '/v1/events',
      cloudEvent('ContentFlagged', { imageId: 'hidden', flaggedBy: 'x', flaggerKind: 'user', categories: ['hate'] }),
    );
    await gatehouse.settle();
    const { items } = (await service.get('/v1/cases?status=open')).body;
    expect(items).toEqual([]);
    expect((await service.get('/v1/cases/hidden')).status).toBe(404);
    const bulk = { action: 'dismiss', reason: 'a test', atMost: 100 };
    expect((await lena.post('/v1/bulk-jobs', bulk)).body).toMatchObject({ matched: 0 });
    expect((await lena.post('/v1/queues/default/next')).body).toMatchObject({ claim: null });
    expect((await lena.get('/v1/cases/hidden')).body).toMatchObject({ status: 'open', categories: ['violent'] });
    expect((await rita.post('/v1/queues/default/next')).body).toMatchObject({ claim: { caseId: 'hidden' } });
    await judge(rita, 'hidden', 'safe');
    expect(codeOf(await lena.post('/v1/cases/hidden/reopen', { reason: 'again' }))).toEqual([409, 'golden-case']);
    await service.post(
      '/v1/events',
      cloudEvent('ContentFlagged', { imageId: 'hidden', flaggedBy: 'y', flaggerKind: 'user', categories: ['hate'] }),
    );
    await gatehouse.settle();
    expect((await lena.get('/v1/cases/hidden')).body).toMatchObject({ status: 'dismissed', round: 1 });
    expect(codeOf(await service.post('/v1/enforcements/hidden/appeals', { text: 'no' }))).toEqual([
      404,
      expect.anything(),
    ]);
  });

  it('is closed once it is free if it is retired, and no longer counts', async () => {
    await opened('retired');
    await opened('claimed');
    await rita.post('/v1/cases/claimed/claim');
    for (const id of ['retired', 'claimed', 'golden']) await lena.delete(`/v1/golden-cases/${id}?reason=disputed`);
    await tick();
    expect((await rita.get('/v1/cases/retired')).body).toMatchObject({ status: 'dismissed', verdicts: [] });
    expect((await rita.get('/v1/cases/retired')).body.history.at(-1)).toMatchObject({
      type: 'ReviewDismissed',
      actor: { kind: 'user', id: 'lena', role: 'lead' },
    });
    expect((await rita.get('/v1/cases/claimed')).body).toMatchObject({ status: 'claimed' });
    now += HOUR_MS;
    await tick();
    expect((await rita.get('/v1/cases/claimed')).body).toMatchObject({ status: 'dismissed' });
    for (const id of ['retired', 'claimed']) expect(await show(id)).toMatchObject({ status: 'retired' });
  });
});

it('is counted by reviewer for leads, and in no other figure', async () => {
  const accountId = 'acc-counted';
  const read = async (reader: Client, path: string) => {
    const { status, body } = await reader.get(path);
    expect([path, status]).toEqual([path, 200]);
    return body;
  };
  const figures = async () => ({
    safety: await read(gatehouse.administrator, '/v1/safety/metrics'),
    gauges: ((await read(gatehouse.administrator, '/metrics')) as string)
      .split('\n')
      .filter((line) => /^gatehouse_(safety|review|appeals|disregarded|notices|rollout|enforcements)_/.test(line)),
    queues: await read(await gatehouse.as('olga', 'operator'), '/v1/queues'),
    enforcements: (await read(lena, `/v1/enforcements?account=${accountId}`)).items,
  });
  await opened('counted-1', { accountId });
  await opened('counted-2');
  const { position: _, ...before } = (await figures()) as Record<string, unknown>;
  await judge(rita, 'counted-1', 'unsafe');
  await judge(rita, 'counted-2', 'safe');
  now += 60_000;
  await gatehouse.settle();
  const after = await figures();
  const withoutPlace = (all: object) =>
    JSON.parse(JSON.stringify(all, (name, value) => (/position|asOf|etag/i.test(name) ? 'any' : value)));
  const ordinary = (all: Record<string, unknown>) =>
    withoutPlace({ ...all, gauges: (all.gauges as string[]).filter((line) => !/golden/.test(line)) });
  expect(ordinary(after)).toEqual(ordinary(before));
  expect(after.gauges.filter((line) => /golden_right_share\{bound="value"\}/.test(line))).toHaveLength(1);
  const { items } = (await lena.get('/v1/metrics/reviewers')).body;
  const of = (name: string) => items.find(({ reviewer }: { reviewer: string }) => reviewer === name);
  expect(of('rita')).toMatchObject({ golden: { hits: 1, of: 3 } });
  expect(of('rob')).toMatchObject({ golden: null });
  expect((await rita.get('/v1/metrics/reviewers')).status).toBe(403);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
