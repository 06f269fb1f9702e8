import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { NoticeQueued } from '../../libs/notices/events.js';
import { NoticeSending } from '../../libs/notices/processes/sending.js';
import { commandLineFor } from '../support/cli-process.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { hear } from '../support/hear.js';
import { judge } from '../support/judge.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';

let ahead = 0;
let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let rita: Client;
let hugo: Client;
let schedules: ReturnType<typeof schedulesOf>;

beforeAll(async () => {
  receiver = await startNoticeReceiver();
  gatehouse = await startGatehouse({
    clock: { now: () => Date.now() + ahead },
    env: { ...receiver.env, GATEHOUSE_NOTICE_APPEAL_URL: 'https://example.org/appeal' },
  });
  schedules = schedulesOf(gatehouse.runtime);
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  rita = await gatehouse.as('rita', 'reviewer');
  hugo = await gatehouse.as('hugo', 'reviewer');
  await operator.post('/v1/policy', { version: '1' });
  await operator.put('/v1/rollout/rate', { perWeek: 1000 });
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

async function confirmed(imageId: string, locale: string): Promise<{ accountId: string; flaggedBy: string }> {
  const { accountId } = (await service.post('/v1/waitlist', { email: `${imageId}@example.org`, locale })).body;
  const flaggedBy = `${imageId}-flagger`;
  const flag = { imageId, flaggerKind: 'user', categories: ['violent'] };
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId, accountId }),
    cloudEvent('ContentFlagged', { ...flag, flaggedBy }),
    cloudEvent('ContentFlagged', { ...flag, flaggerKind: 'detector', flaggedBy: 'det-1' }),
  ]);
  await gatehouse.settle();
  expect((await judge(rita, imageId, 'unsafe')).body).toMatchObject({ status: 'confirmed' });
  return { accountId, flaggedBy };
}
const to = (accountId: string) => receiver.received.filter(({ data }) => data.accountId === accountId);

describe('a decision', () => {
  it('notifies the account’s holder in their language and the user who flagged, once each', async () => {
    const { accountId, flaggedBy } = await confirmed('img-one', 'de-AT');
    await tick();
    await tick();
    expect(to(accountId)).toMatchObject([
      {
        type: 'notice.measure-imposed',
        data: { role: 'subject', outcome: 'deactivate', enforcementId: 'img-one', language: 'de' },
      },
    ]);
    expect(to(accountId)[0]!.data.text).toMatch(/deaktiviert[\s\S]*https:\/\/example\.org\/appeal/);
    expect(to(flaggedBy)).toMatchObject([{ data: { role: 'reporter', kind: 'flag-decided', outcome: 'confirmed' } }]);
    expect(to('det-1')).toEqual([]);
    await service.post('/v1/enforcements/img-one/appeals', { text: 'mine' });
    await hear(hugo, 'img-one', { outcome: 'granted', reason: 'a documentary' });
    await tick();
    expect(to(accountId)[1]!.data).toMatchObject({
      kind: 'appeal-decided',
      outcome: 'granted',
      reason: 'a documentary',
    });
    expect(to(flaggedBy)[1]!.data).toMatchObject({ outcome: 'overturned' });
    expect(receiver.received).toHaveLength(4);
  });

  it('is sent again later if the receiver fails, then waits as a dead letter for its redelivery', async () => {
    receiver.received.length = 0;
    receiver.answer.status = 503;
    const { accountId } = await confirmed('img-two', 'en');
    await tick();
    const { items } = (await operator.get(`/v1/notices?account=${accountId}`)).body;
    const { noticeId } = items[0];
    expect(items).toMatchObject([{ status: 'waiting', attempts: 1, error: 'the receiver answers 503' }]);
    await tick();
    expect(to(accountId)).toHaveLength(1);
    ahead += 60_000;
    await tick();
    expect(to(accountId).map(({ id }) => id)).toEqual([noticeId, noticeId]);
    for (let n = 2; n < 14; n++) {
      ahead += DAY_MS / 4;
      await tick();
    }
    const shown = async () => (await operator.get(`/v1/notices/${noticeId}`)).body;
    expect(await shown()).toMatchObject({ status: 'failed', attempts: 14, language: 'en' });
    const scrape = await gatehouse.as('prometheus', 'metrics');
    expect((await scrape.get('/metrics')).body).toMatch(/^gatehouse_notices\{channel="webhook",status="failed"\} 2$/m);
    receiver.answer.status = 204;
    const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
    expect((await cli.run('notice', 'list', '--status', 'failed')).stdout).toContain(noticeId);
    expect((await cli.run('notice', 'redeliver', noticeId)).stdout).toContain('is queued');
    await tick();
    expect(await shown()).toMatchObject({ status: 'delivered', attempts: 1 });
    expect((await cli.run('notice', 'show', noticeId)).stdout).toMatch(/delivered[\s\S]*deactivated/);
    expect(to(accountId).at(-1)!.id).toBe(noticeId);
    expect((await operator.post('/v1/notices/none/redelivery')).status).toBe(404);
    ahead = 0;
  });

  it('waits until nothing is being sent any more, and sends the others if one fails', async () => {
    const { accountId } = await confirmed('img-three', 'en');
    await gatehouse.settle();
    const TURNS = 50;
    const order: string[] = [];
    const sender = {
      // Of the two notices the first fails while the second is under way.
      async send({ noticeId }: { noticeId: string }) {
        order.push(noticeId);
        if (order.length === 1) throw new Error('a template is broken');
        for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate);
        order.push('sent');
      },
    };
    await new NoticeSending('webhook', sender, gatehouse.runtime).tick();
    expect(order).toHaveLength(3);
    expect(order[2]).toBe('sent');
    await gatehouse.settle();
    const { items } = (await operator.get('/v1/notices?status=waiting')).body;
    expect(items).toMatchObject([{ noticeId: order[0], attempts: 1, error: expect.stringContaining('prepared') }]);
    expect([accountId, 'img-three-flagger']).toContain(items[0].accountId);
  });

  it('is not started any more once the process is to end', async () => {
    await confirmed('img-four', 'en');
    await gatehouse.settle();
    const end = new AbortController();
    let started = 0;
    const sender = {
      async send() {
        started++;
        end.abort();
      },
    };
    await new NoticeSending('webhook', sender, gatehouse.runtime).tick(end.signal);
    // Both were in flight at most; a tick that begins after the end sends nothing.
    const before = started;
    await new NoticeSending('webhook', sender, gatehouse.runtime).tick(end.signal);
    expect(started).toBe(before);
  });

  it('is sent however many notices before it can’t be', async () => {
    const { store, transactor } = gatehouse.runtime;
    const MORE_THAN_A_PAGE = 70;
    const ids = Array.from({ length: MORE_THAN_A_PAGE + 1 }, (_, n) => `many-${String(n).padStart(3, '0')}`);
    for (const noticeId of ids)
      await store.append([
        {
          stream: `notice-${noticeId}`,
          expected: 'any',
          events: [newEvent('NoticeQueued', { ...NoticeQueued.example, noticeId, channel: 'webhook' })],
        },
      ]);
    await gatehouse.settle();
    const broken = ids.slice(0, MORE_THAN_A_PAGE);
    const failing = Object.create(transactor) as typeof transactor;
    failing.load = (kind, id) =>
      broken.includes(id!) ? Promise.reject(new Error('its stream can’t be read')) : transactor.load(kind, id);
    const sent: string[] = [];
    const sender = { send: async ({ noticeId }: { noticeId: string }) => void sent.push(noticeId) };
    const sending = new NoticeSending('webhook', sender, { ...gatehouse.runtime, transactor: failing });
    await expect(sending.tick()).rejects.toThrow('can’t be read');
    expect(sent).toContain(ids.at(-1));
    expect(sent.filter((id) => broken.includes(id))).toEqual([]);
  });
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
