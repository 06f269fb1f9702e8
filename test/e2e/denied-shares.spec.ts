import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DeniedShares } from '../../libs/access/decision-point/denied-shares.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { until } from '../support/until.js';

let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let accountId: string;
const now = Date.parse('2022-05-18T09:00:00Z');
const DAY_MS = 86_400_000;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  service = await gatehouse.as('image-service', 'service');
  operator = await gatehouse.as('olga', 'operator');
  await operator.post('/v1/policy', { version: '1' });
  await operator.put('/v1/rollout/rate', { perWeek: 10 });
  accountId = (await service.post('/v1/waitlist', { email: 'ann@example.org' })).body.accountId;
  await operator.post('/v1/cohorts', { accounts: [accountId] });
  await gatehouse.settle();
  await service.post(`/v1/accounts/${accountId}/policy-acceptance`, { version: '1' });
  const image = { imageId: 'face', accountId, photorealistic: true, faces: true };
  await service.post('/v1/events', cloudEvent('ImageGenerated', image));
  await service.post('/v1/events', cloudEvent('ImageGenerated', { imageId: 'vague', accountId }));
  await gatehouse.settle();
});
afterAll(() => gatehouse.close());

async function mayShare(imageId: string, at = service): Promise<string> {
  const { body } = await at.post('/access/v1/evaluation', {
    subject: { type: 'account', id: accountId },
    action: { name: 'share' },
    resource: { type: 'image', id: imageId },
  });
  return body.context?.reason ?? 'allowed';
}
/** A decision point that can't know the image just now denies for another reason, which is not counted. */
const denyFor = (reason: string, imageId: string, at?: Client) =>
  until(async () => (await mayShare(imageId, at)) === reason);
const figures = async () => (await operator.get('/v1/metrics/restricted-images')).body;
const denied = async () => {
  const { sharesDenied, sharesDeniedUnknown } = await figures();
  return [sharesDenied, sharesDeniedUnknown];
};

it('are none, from the day on which they are counted', async () => {
  expect(await figures()).toMatchObject({ generated: 1, sharesDenied: 0, sharesDeniedUnknown: 0 });
  expect((await figures()).sharesDeniedSince).toMatch(/^\d{4}-\d\d-\d\d$/);
});

it('are counted by reason, each question', async () => {
  for (let n = 0; n < 3; n++) await denyFor('face-sharing-restricted', 'face');
  await denyFor('image-facts-unknown', 'vague');
  // They may be stored in two parts.
  await until(async () => (await denied()).reduce((sum, shares) => sum + shares) >= 4);
  expect(await denied()).toEqual([3, 1]);
});

it('are those of every process, also of one that has ended', async () => {
  const other = await gatehouse.beside();
  const secret = (await gatehouse.administrator.post('/v1/tokens', { name: 'other', roles: ['service'] })).body.secret;
  const there = client(other.url, secret);
  // Its view of images must not lag behind the head of the log.
  await gatehouse.settle();
  for (let n = 0; n < 2; n++) await denyFor('face-sharing-restricted', 'face', there);
  await other.close();
  expect(await denied()).toEqual([5, 1]);
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const { stdout } = await cli.run('metrics', 'restricted-images');
  expect(stdout).toMatch(/shares denied +5 since \d{4}-\d\d-\d\d\n/);
});

it('are not lost while the database is away', async () => {
  const { pool } = gatehouse.runtime;
  let isAway = true;
  const query = (text: string, values?: unknown[]) =>
    isAway ? Promise.reject(new Error('Connection terminated')) : pool.query(text, values);
  const shares = new DeniedShares({ query }, { now: () => now + DAY_MS });
  shares.note('face-sharing-restricted');
  await expect(shares.store()).rejects.toThrow('terminated');
  shares.note('face-sharing-restricted');
  expect(await denied()).toEqual([5, 1]);
  isAway = false;
  await shares.store();
  await shares.store();
  expect(await denied()).toEqual([7, 1]);
});
