import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { openDueGolden, servePictures } from '../support/golden-cases.js';
import { judge } from '../support/judge.js';

const HOUR_MS = 3_600_000;

let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let pictures: Awaited<ReturnType<typeof servePictures>>;
let service: Client;
let rita: Client;
let lena: Client;
let others = 0;

beforeAll(async () => {
  pictures = await servePictures();
  gatehouse = await startGatehouse({ clock: { now: () => now }, env: pictures.env });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  const clauses = [{ id: 'violent', title: 'No violence', severity: 2 }];
  await gatehouse.administrator.post('/v1/policy', { version: '2022-05-18', clauses });
  await flagged('ordinary', 'acc-1001');
});
afterAll(async () => {
  await gatehouse.close();
  await pictures.close();
});

const report = async (type: string, data: Record<string, unknown>) =>
  expect((await service.post('/v1/events', cloudEvent(type, data))).status).toBe(202);

async function flagged(imageId: string, accountId?: string): Promise<void> {
  const flag = { imageId, flaggedBy: `user-${++others}`, flaggerKind: 'user', categories: ['violent'] };
  await report('ContentFlagged', { ...flag, ...(accountId !== undefined && { accountId }) });
  await gatehouse.settle();
}
const show = async (imageId: string) => (await lena.get(`/v1/golden-cases/${imageId}`)).body;

async function added(imageId: string): Promise<void> {
  const golden = { imageId, verdict: 'unsafe', clause: 'violent', categories: ['violent'] };
  expect(await lena.post('/v1/golden-cases', golden)).toMatchObject({ status: 200 });
  await gatehouse.settle();
}

/** Opens other cases until each golden case that can be is drawn. */
async function drawAll(...imageIds: string[]): Promise<void> {
  const sampling = { secondReviewPercent: 0, secondReviewOfDeactivations: false, reason: 'a test' };
  await lena.put('/v1/review-sampling', { ...sampling, goldenPercent: 50 });
  const isWaiting = async () =>
    (await Promise.all(imageIds.map(show))).some(({ status }: { status: string }) => status === 'waiting');
  while (await isWaiting()) await flagged(`other-${others}`, 'acc-1002');
  await lena.put('/v1/review-sampling', { ...sampling, goldenPercent: 0 });
}
const caseOf = async (imageId: string) => (await lena.get(`/v1/cases/${imageId}`)).body;

it('is retired in the place of being drawn if its image was flagged or reported since it was added', async () => {
  for (const id of ['flagged-1', 'reported-1', 'unused-1']) await added(id);
  await flagged('flagged-1', 'acc-1');
  await report('ImageGenerated', { imageId: 'reported-1', accountId: 'acc-2' });
  await drawAll('flagged-1', 'reported-1', 'unused-1');
  expect(await Promise.all(['flagged-1', 'reported-1', 'unused-1'].map(show))).toMatchObject([
    { status: 'retired' },
    { status: 'retired' },
    { status: 'drawn' },
  ]);
});

it('is retired in the place of being opened if its image was flagged or reported since it was drawn', async () => {
  for (const id of ['flagged-2', 'reported-2', 'unused-2']) await added(id);
  await drawAll('flagged-2', 'reported-2', 'unused-2');
  await flagged('flagged-2', 'acc-3');
  await report('ImageGenerated', { imageId: 'reported-2', accountId: 'acc-4' });
  now += HOUR_MS;
  await openDueGolden(gatehouse, now);
  expect(await Promise.all(['flagged-2', 'reported-2', 'unused-2'].map(show))).toMatchObject([
    { status: 'retired' },
    { status: 'retired' },
    { status: 'open' },
  ]);
  expect((await lena.get('/v1/cases/reported-2')).status).toBe(404);
  expect(await caseOf('flagged-2')).toMatchObject({ origin: 'flags', accountId: 'acc-3', status: 'open' });
  // The verdict counts, for the account of the flag.
  expect((await judge(rita, 'flagged-2', 'unsafe')).body).toMatchObject({ status: 'confirmed' });
  await gatehouse.settle();
  const enforced = await gatehouse.administrator.get('/v1/enforcements/flagged-2');
  expect(enforced.body).toMatchObject({ accountId: 'acc-3', isInForce: true });
});

it('is retired if a flag opens a case for its image while its own is being opened', async () => {
  await added('flagged-3');
  await drawAll('flagged-3');
  await flagged('flagged-3', 'acc-5');
  now += HOUR_MS;
  await openDueGolden(gatehouse, now, { isInUse: async () => false });
  expect(await show('flagged-3')).toMatchObject({ status: 'retired' });
  expect(await caseOf('flagged-3')).toMatchObject({ origin: 'flags', accountId: 'acc-5' });
  // What was made up for the golden case is shown nowhere.
  expect((await lena.get('/v1/images/flagged-3')).status).toBe(404);
});

it('stays a golden case if its image is flagged once its case is open', async () => {
  await flagged('unused-2', 'acc-6');
  await openDueGolden(gatehouse, now);
  expect(await show('unused-2')).toMatchObject({ status: 'open' });
  expect(await caseOf('unused-2')).toMatchObject({ origin: 'golden' });
});
