import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { type Client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';

let ahead = 0;
let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let schedules: ReturnType<typeof schedulesOf>;

beforeAll(async () => {
  receiver = await startNoticeReceiver();
  gatehouse = await startGatehouse({
    clock: { now: () => Date.now() + ahead },
    env: {
      ...receiver.env,
      GATEHOUSE_NOTICE_ACCEPT_URL: 'https://example.org/accept?from=mail',
      // A withdrawal waits for no view that lags.
      GATEHOUSE_DECISION_WAIT_MS: '0',
    },
  });
  schedules = schedulesOf(gatehouse.runtime);
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
});
afterAll(async () => {
  await gatehouse.close();
  receiver.close();
});

async function tick(): Promise<void> {
  await gatehouse.settle();
  for (const schedule of schedules) await schedule.tick();
  await gatehouse.settle();
}

const to = (accountId: string) => receiver.received.filter(({ data }) => data.accountId === accountId);
const linkIn = (text = '') => new URL(/https:\/\/example\.org\/accept\S+/.exec(text)![0]);
const accept = (accountId: string, body?: object) =>
  service.post(`/v1/waitlist/${accountId}/invitation-acceptance`, body);

it('sends a link with a token, which nothing stores, and reminds who has not answered', async () => {
  const join = async (name: string, locale: string): Promise<string> =>
    (await service.post('/v1/waitlist', { email: `${name}@example.org`, locale })).body.accountId;
  const ann = await join('ann', 'en');
  const ben = await join('ben', 'de');
  await operator.put('/v1/rollout/rate', { perWeek: 10, daily: false });
  await tick();
  await operator.post('/v1/invitations', { batchId: 'spring', accounts: [ann, ben], days: 5 });
  for (let n = 0; n < 3; n++) await tick();
  expect(to(ann)).toMatchObject([{ type: 'notice.invitation', data: { outcome: 'sent', batchId: 'spring' } }]);
  const link = linkIn(to(ann)[0]!.data.text);
  expect([link.searchParams.get('from'), link.searchParams.get('account')]).toEqual(['mail', ann]);
  const token = link.searchParams.get('token')!;
  const { events } = await gatehouse.runtime.store.readAll(0, { limit: 10_000 });
  expect(JSON.stringify(events)).not.toContain(token);
  const { items } = (await operator.get('/v1/notices')).body;
  const shown = await Promise.all(
    items.map(async ({ noticeId }: { noticeId: string }) => (await operator.get(`/v1/notices/${noticeId}`)).body),
  );
  expect(JSON.stringify(shown)).not.toContain(token);

  const otherToken = linkIn(to(ben)[0]!.data.text).searchParams.get('token')!;
  expect((await accept(ann, { token: otherToken })).body.type).toMatch(/invitation-token-wrong/);
  expect((await accept(ann, { token })).status).toBe(200);
  expect((await accept(ann, { token })).status).toBe(200);

  ahead = 4 * DAY_MS;
  for (let n = 0; n < 3; n++) await tick();
  expect(to(ann)).toHaveLength(1);
  expect(to(ben).map(({ data }) => data.outcome)).toEqual(['sent', 'reminder']);
  expect(linkIn(to(ben)[1]!.data.text).searchParams.get('token')).toBe(otherToken);
  expect(to(ben)[1]!.data.subject).toBe('Ihre Einladung endet bald');
  expect((await accept(ben)).status).toBe(200);
});

it('sends no link of a batch that was withdrawn while the consumer lags, and shows it by the rollout', async () => {
  const cem = (await service.post('/v1/waitlist', { email: 'cem@example.org' })).body.accountId as string;
  await tick();
  await operator.post('/v1/invitations', { batchId: 'winter', accounts: [cem], days: 5 });
  // The view knows nothing of the batch yet.
  const open = { batchId: 'winter', status: 'open', places: 1, held: 1, sent: 0, withdrawal: null };
  expect((await operator.get('/v1/invitations/winter')).body).toMatchObject(open);
  expect((await operator.post('/v1/invitations/winter/withdrawal', { reason: 'a mistake' })).status).toBe(200);
  const withdrawal = { by: 'olga', reason: 'a mistake', at: expect.any(String) };
  expect((await operator.get('/v1/invitations/winter')).body).toMatchObject({
    ...open,
    status: 'withdrawn',
    withdrawal,
  });

  await gatehouse.settle();
  expect((await operator.get('/v1/invitations/winter')).body).toMatchObject({
    status: 'withdrawn',
    held: 0,
    withdrawal,
  });
  await operator.post('/v1/invitations', { batchId: 'again', accounts: [cem], days: 5 });
  await gatehouse.settle();
  expect((await operator.post('/v1/invitations/again/withdrawal', { reason: 'a mistake' })).status).toBe(200);
  for (const schedule of schedules) await schedule.tick();
  expect(to(cem)).toEqual([]);
});
