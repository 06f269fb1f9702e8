import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RecordedOf } from '../../libs/events/event-definition.js';
import type { CaseOpened } from '../../libs/review/index.js';
import { goldenDrawing } from '../../libs/review/processes/golden-drawing.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { imagesInUse, openDueGolden, servePictures } from '../support/golden-cases.js';

const HOUR_MS = 3_600_000;

let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let pictures: Awaited<ReturnType<typeof servePictures>>;
let service: Client;
let rita: Client;
let lena: Client;

beforeAll(async () => {
  pictures = await servePictures();
  gatehouse = await startGatehouse({ clock: { now: () => now }, env: pictures.env });
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  await gatehouse.settle();
});
afterAll(async () => {
  await gatehouse.close();
  await pictures.close();
});

const statuses = async () =>
  (await lena.get('/v1/golden-cases')).body.items.map(({ status }: { status: string }) => status).sort();
const lastOpened = async (): Promise<RecordedOf<typeof CaseOpened>> =>
  (await gatehouse.runtime.store.readAll(0)).events.findLast(({ type }) => type === 'CaseOpened') as never;

/** Flags an image of which its system reports nothing else. */
async function flagged(imageId: string): Promise<void> {
  const flag = { imageId, accountId: 'acc-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] };
  await service.post('/v1/events', cloudEvent('ContentFlagged', flag));
  await gatehouse.settle();
}

it('draws one golden case for an event, however often that is delivered', async () => {
  await flagged('first');
  for (const imageId of ['g-1', 'g-2', 'g-3'])
    expect((await lena.post('/v1/golden-cases', { imageId, verdict: 'safe', categories: ['violent'] })).status).toBe(
      200,
    );
  await gatehouse.settle();
  const sampling = { secondReviewPercent: 0, secondReviewOfDeactivations: false, goldenPercent: 50, reason: 'a test' };
  await lena.put('/v1/review-sampling', sampling);
  for (let n = 0; !(await statuses()).includes('drawn'); n++) await flagged(`more-${n}`);
  expect(await statuses()).toEqual(['drawn', 'waiting', 'waiting']);
  await lena.put('/v1/review-sampling', { ...sampling, goldenPercent: 0 });
  const ports = { ...gatehouse.runtime, clock: { now: () => now } };
  const event = await lastOpened();
  const react = async (given: typeof event) => {
    // It waits for the view, which only this brings up to date.
    await gatehouse.settle();
    await goldenDrawing(ports, imagesInUse(gatehouse)).react(given);
    await gatehouse.settle();
  };
  await react(event);
  expect(await statuses()).toEqual(['drawn', 'waiting', 'waiting']);
  // The share counts as it is now, and a history that is consumed anew draws none.
  await lena.put('/v1/review-sampling', sampling);
  await react(event);
  for (let n = 0; n < 20; n++) await react({ ...event, id: `old-${n}`, recordedAt: '2022-05-16T09:00:00.000Z' });
  expect(await statuses()).toEqual(['drawn', 'waiting', 'waiting']);
  await lena.put('/v1/review-sampling', { ...sampling, goldenPercent: 0 });
});

it('shows nothing of the image where systems report nothing of images', async () => {
  now += HOUR_MS;
  await openDueGolden(gatehouse, now);
  expect(await statuses()).toEqual(['open', 'waiting', 'waiting']);
  const [golden] = (await lena.get('/v1/cases?origin=golden')).body.items;
  const seen = async (caseId: string, accountId: string) => {
    const { body } = await rita.get(`/v1/cases/${caseId}/review`);
    const image = await rita.get(`/v1/images/${caseId}`);
    const { image: facts, hasPrompt, account } = body;
    return JSON.parse(
      JSON.stringify({
        facts,
        hasPrompt,
        status: account.status,
        code: image.body.type,
        of: body.account.accountId,
      }).replaceAll(accountId, 'the-owner'),
    );
  };
  expect(golden.accountId).toMatch(/^acc-\d$/);
  expect(golden.accountId).not.toBe('acc-1');
  const other = await seen('first', 'acc-1');
  expect(other).toMatchObject({ facts: null, hasPrompt: null, status: 'unknown' });
  expect(await seen(golden.caseId, golden.accountId)).toEqual(other);
});

it('has been opened by nobody else, and retired before it is opened it never is', async () => {
  await flagged('last');
  for (const { goldenId } of (await lena.get('/v1/golden-cases?status=waiting')).body.items)
    await lena.delete(`/v1/golden-cases/${goldenId}?reason=disputed`);
  await lena.put('/v1/review-sampling', {
    ...{ secondReviewPercent: 0, secondReviewOfDeactivations: false, goldenPercent: 50, reason: 'a test' },
  });
  for (let n = 0; n < 10; n++) await flagged(`after-${n}`);
  now += HOUR_MS;
  await openDueGolden(gatehouse, now);
  expect(await statuses()).toEqual(['open', 'retired', 'retired']);
});
