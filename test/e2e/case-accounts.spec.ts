import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

const OF_NOBODY = 'flagged-first';
const OF_ANOTHER = 'named-by-flag';
let gatehouse: TestGatehouse;
let service: Client;
let rita: Client;
let lena: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  service = await gatehouse.as('images', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
  lena = await gatehouse.as('lena', 'lead');
  await gatehouse.settle();
  const flag = { flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] };
  const named = { ...flag, imageId: OF_ANOTHER, accountId: 'acc-named' };
  await service.post('/v1/events', cloudEvent('ContentFlagged', { ...flag, imageId: OF_NOBODY }));
  await service.post('/v1/events', cloudEvent('ContentFlagged', named));
  await gatehouse.settle();
  for (const imageId of [OF_NOBODY, OF_ANOTHER])
    await service.post('/v1/events', cloudEvent('ImageGenerated', { imageId, accountId: `owner-${imageId}` }));
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

const listed = async (query: string): Promise<string[]> =>
  (await lena.get(`/v1/cases?${query}`)).body.items.map((one: { caseId: string }) => one.caseId);

it('lists a case by the account of the image’s own record, not by that which a flag named', async () => {
  expect(await listed(`account=owner-${OF_NOBODY}`)).toEqual([OF_NOBODY]);
  expect(await listed(`account=owner-${OF_NOBODY}&status=open`)).toEqual([OF_NOBODY]);
  expect(await listed('account=acc-named')).toEqual([]);
});

it('matches cases of a bulk job by it', async () => {
  const matched = async (account: string) =>
    (await lena.post('/v1/bulk-jobs', { action: 'dismiss', account, reason: 'a test' })).body.matched;
  expect(await Promise.all([`owner-${OF_NOBODY}`, 'acc-named'].map(matched))).toEqual([1, 0]);
});

it('answers it with the next case', async () => {
  const { caseId, accountId } = (await rita.post('/v1/queues/default/next')).body.case;
  expect(accountId).toBe(`owner-${caseId}`);
});

it('opens a case with the account of an image that is stored with its first flag, before the view has it', async () => {
  const opened: unknown[] = [];
  for (const isFlagFirst of [false, true]) {
    const imageId = isFlagFirst ? 'with-flag-first' : 'with-flag-last';
    const image = cloudEvent('ImageGenerated', { imageId, accountId: `owner-${imageId}` });
    const flag = cloudEvent('ContentFlagged', {
      imageId,
      flaggedBy: 'acc-9',
      flaggerKind: 'user',
      categories: ['hate'],
    });
    await service.post('/v1/events', isFlagFirst ? [flag, image] : [image, flag]);
    // Files the flag at once, while no view has the image.
    expect((await lena.post(`/v1/cases/${imageId}/claim`)).status).toBe(200);
    const [first] = await gatehouse.runtime.store.readStream(`case-${imageId}`);
    opened.push([first!.type, (first!.data as { accountId?: string }).accountId]);
  }
  expect(opened).toEqual(['last', 'first'].map((place) => ['CaseOpened', `owner-with-flag-${place}`]));
});
