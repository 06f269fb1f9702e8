import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { schedulesOf } from '../../apps/composition/workers.js';
import { erasureContext } from '../../libs/erasure/index.js';
import { NoticeSending } from '../../libs/notices/processes/sending.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { startNoticeReceiver } from '../support/notice-receiver.js';
import { wholeLog } from '../support/whole-log.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let ahead = 0;
let receiver: Awaited<ReturnType<typeof startNoticeReceiver>>;
let gatehouse: TestGatehouse;
let nobody: Client;
let service: Client;
let operator: Client;
let schedules: ReturnType<typeof schedulesOf>;

const env = () => ({
  ...receiver.env,
  GATEHOUSE_WAITLIST_CONFIRM_URL: 'https://example.org/confirm?from=mail',
});

beforeAll(async () => {
  receiver = await startNoticeReceiver();
  gatehouse = await startGatehouse({
    clock: { now: () => Date.now() + ahead },
    env: { ...env(), GATEHOUSE_ERASURE_COOLING_HOURS: '0' },
  });
  schedules = schedulesOf(gatehouse.runtime);
  nobody = client(gatehouse.url);
  service = await gatehouse.as('web-site', 'service');
  operator = await gatehouse.as('olga', 'operator');
  await operator.put('/v1/rollout/rate', { perWeek: 100, daily: false });
});
afterAll(async () => {
  await gatehouse.close();
  receiver.close();
});

async function tick(): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await gatehouse.settle();
    for (const schedule of schedules) await schedule.tick();
  }
  await gatehouse.settle();
}

const join = async (name: string, by = service, more = {}): Promise<string> =>
  (await by.post('/v1/waitlist', { email: `${name}@example.org`, ...more })).body.accountId;
const to = (accountId: string) => receiver.received.filter(({ data }) => data.accountId === accountId);
const linkTo = (accountId: string, n = -1) =>
  new URL(/https:\/\/example\.org\/confirm\S+/.exec(to(accountId).at(n)!.data.text!)![0]).searchParams;
const confirm = (link: URLSearchParams) =>
  nobody.post('/v1/waitlist/confirmations', { accountId: link.get('account'), token: link.get('token') });
const statusOf = async (accountId: string) => {
  await gatehouse.settle();
  return (await operator.get(`/v1/waitlist/${accountId}/place`)).body.status;
};
const typesFor = async (accountId: string) =>
  (await wholeLog(gatehouse.runtime.store)).flatMap(({ type, data }) => (data.accountId === accountId ? [type] : []));

it('sends a link whose token nothing stores, and chooses a person only after it was used', async () => {
  const ann = await join('ann');
  const ben = await join('ben');
  await tick();
  expect(to(ann)).toMatchObject([{ type: 'notice.address-confirmation', data: { outcome: 'requested' } }]);
  const link = linkTo(ann);
  expect([link.get('from'), link.get('account')]).toEqual(['mail', ann]);
  const token = link.get('token')!;
  expect(JSON.stringify(await wholeLog(gatehouse.runtime.store))).not.toContain(token);
  const { items } = (await operator.get('/v1/notices')).body;
  for (const { noticeId } of items)
    expect(JSON.stringify((await operator.get(`/v1/notices/${noticeId}`)).body)).not.toContain(token);

  expect((await operator.get('/v1/waitlist')).body).toMatchObject({ items: [], waiting: 0, unconfirmed: 2 });
  expect((await operator.get('/v1/rollout')).body).toMatchObject({ waiting: 0, unconfirmed: 2 });
  expect((await operator.get('/v1/rollout/rate-preview?perWeek=50')).body).toMatchObject({
    waiting: 0,
    unconfirmed: 2,
  });
  for (const answer of [
    await operator.post('/v1/cohorts', { cohortId: 'too-early', accounts: [ann] }),
    await operator.post('/v1/invitations', { batchId: 'too-early', accounts: [ann], days: 5 }),
  ])
    expect([answer.status, answer.body.type, answer.body.detail]).toEqual([
      ...[409, expect.stringMatching(/not-waiting$/), expect.stringContaining('address not confirmed')],
    ]);
  expect((await operator.post('/v1/waitlist/address-exports', { reason: 'spec' })).body.items).toEqual([]);

  expect(await confirm(link)).toMatchObject({ status: 202, body: { status: 'received' } });
  await gatehouse.settle();
  expect((await operator.get('/v1/waitlist')).body).toMatchObject({ items: [{ accountId: ann }], unconfirmed: 1 });
  await operator.post('/v1/cohorts', { cohortId: 'w1', size: 2 });
  await tick();
  expect([await statusOf(ann), await statusOf(ben)]).toEqual(['onboarded', 'unconfirmed']);
});

it('answers the same after the same time, whatever the link and the account are', async () => {
  const cleo = await join('cleo');
  await tick();
  const link = linkTo(cleo);
  const used = link.get('token')!;
  const wrong = new URLSearchParams({ account: cleo, token: 'wrong' });
  const unknown = new URLSearchParams({ account: 'nobody', token: used });
  for (const one of [wrong, unknown, link, link]) {
    const asked = performance.now();
    expect(await confirm(one)).toMatchObject({ status: 202, body: { status: 'received' } });
    expect(performance.now() - asked).toBeGreaterThan(190);
  }
  expect(await statusOf(cleo)).toBe('waiting');
  const confirmations = (await typesFor(cleo)).filter((type) => type === 'AddressConfirmed');
  expect(confirmations).toHaveLength(1);
});

it('revokes the link before when another one is sent, which has to wait', async () => {
  const dan = await join('dan');
  await tick();
  const first = linkTo(dan);
  const again = () => service.post(`/v1/waitlist/${dan}/confirmation-requests`);
  expect((await again()).body.type).toMatch(/confirmation-too-soon$/);
  await nobody.post('/v1/waitlist', { email: 'dan@example.org' });
  await tick();
  expect(to(dan)).toHaveLength(1);
  ahead += 5 * MINUTE_MS;
  await nobody.post('/v1/waitlist', { email: 'dan@example.org' });
  await tick();
  expect(to(dan)).toHaveLength(2);
  await confirm(first);
  expect(await statusOf(dan)).toBe('unconfirmed');
  ahead += 73 * HOUR_MS;
  await confirm(linkTo(dan));
  expect(await statusOf(dan)).toBe('unconfirmed');
  expect((await again()).status).toBe(200);
  await tick();
  await confirm(linkTo(dan));
  expect(await statusOf(dan)).toBe('waiting');
});

it('asks again for another address, which ends an invitation, and not again of who rejoins', async () => {
  const eve = await join('eve');
  await tick();
  await confirm(linkTo(eve));
  await gatehouse.settle();
  expect((await operator.post('/v1/invitations', { batchId: 'spring', accounts: [eve], days: 5 })).status).toBeLessThan(
    300,
  );
  await tick();
  expect(await statusOf(eve)).toBe('invited');
  await service.put(`/v1/accounts/${eve}/address`, { email: 'eve.new@example.org' });
  expect(await statusOf(eve)).toBe('unconfirmed');
  expect((await service.post(`/v1/waitlist/${eve}/invitation-acceptance`)).status).toBe(409);
  await tick();
  await confirm(linkTo(eve));
  expect(await statusOf(eve)).toBe('waiting');
  await service.delete(`/v1/waitlist/${eve}`);
  await join('eve.new');
  expect(await statusOf(eve)).toBe('waiting');
});

it('lets operators say that an address is confirmed, when joining or by hand, and nobody else', async () => {
  const answer = await service.post('/v1/waitlist', { email: 'fay@example.org', addressConfirmed: true });
  expect([answer.status, answer.body.type]).toEqual([409, expect.stringMatching(/confirmation-reserved$/)]);
  const fay = await join('fay', operator, { addressConfirmed: true });
  expect(await statusOf(fay)).toBe('waiting');
  const gil = await join('gil');
  const path = `/v1/waitlist/${gil}/confirmation`;
  expect((await service.post(path, { reason: 'spec' })).status).toBe(403);
  expect((await operator.post(path, { reason: 'by telephone' })).status).toBe(200);
  expect(await statusOf(gil)).toBe('waiting');
  const { position } = (await operator.post(path, { reason: 'by telephone' })).body;
  expect((await operator.post(path, { reason: 'once more' })).body.position).toBe(position);
  const [event] = (await wholeLog(gatehouse.runtime.store, ['AddressConfirmed'])).filter(
    ({ data }) => data.accountId === gil,
  );
  expect(event).toMatchObject({ data: { reason: 'by telephone' }, metadata: { actor: { id: 'olga' } } });
});

it('voids the link of a person who is erased', async () => {
  const carol = await gatehouse.as('carol', 'compliance');
  const hal = await join('hal');
  await tick();
  const link = linkTo(hal);
  await carol.post(`/v1/persons/${hal}/erasure`, { reason: 'the person asked for it' });
  for (let step = 0; step < 2; step++) {
    await gatehouse.settle();
    for (const schedule of erasureContext.schedules!(gatehouse.runtime)) await schedule.tick();
    await gatehouse.beat();
  }
  expect((await carol.get(`/v1/persons/${hal}/erasure`)).body.status).toBe('erased');
  await confirm(link);
  expect(await typesFor(hal)).not.toContain('AddressConfirmed');
  expect(await statusOf(hal)).toBe('left');
});

it('asks people of another system too, and judges their consent by when they gave it', async () => {
  await operator.post('/v1/policy', { version: 'v1' });
  await gatehouse.settle();
  const time = new Date(Date.now() + ahead).toISOString();
  ahead += HOUR_MS;
  await operator.post('/v1/policy', { version: 'v2' });
  const data = { accountId: 'acc-ida', email: 'ida@example.org', policyVersion: 'v1' };
  const { body } = await service.post('/v1/events', cloudEvent('WaitlistJoined', data, { time }));
  expect(JSON.stringify(body)).not.toContain('policy-outdated');
  await tick();
  expect(await typesFor('acc-ida')).toEqual(
    expect.arrayContaining(['WaitlistJoined', 'AddressConfirmationRequested', 'PolicyAccepted']),
  );
  expect(to('acc-ida')).toHaveLength(1);
});

it('confirms through another process than the one that sent the link', async () => {
  const jo = await join('jo');
  await tick();
  const beside = await gatehouse.beside({ env: env() });
  const [accountId, token] = [jo, linkTo(jo).get('token')];
  expect((await client(beside.url).post('/v1/waitlist/confirmations', { accountId, token })).status).toBe(202);
  await beside.close();
  expect(await statusOf(jo)).toBe('waiting');
});

it('sends no link that is void by now, and keeps one back that the sending process does not know', async () => {
  const [kim, lea] = [await join('kim'), await join('lea')];
  await gatehouse.settle();
  await operator.post(`/v1/waitlist/${kim}/confirmation`, { reason: 'by telephone' });
  const { runtime } = gatehouse;
  const settings = { ...runtime.settings, waitlistConfirmUrl: undefined };
  const sent: string[] = [];
  const sender = { send: async ({ accountId }: { accountId: string }) => void sent.push(accountId) };
  const tickWith = (more: object) => new NoticeSending('webhook', sender, { ...runtime, ...more }).tick();
  await tickWith({ settings });
  await gatehouse.settle();
  expect(sent).toEqual([]);
  const noticeOf = async (accountId: string) => (await operator.get(`/v1/notices?account=${accountId}`)).body.items[0];
  expect(await noticeOf(kim)).toMatchObject({ status: 'skipped', error: expect.stringContaining('no longer valid') });
  expect(await noticeOf(lea)).toMatchObject({ status: 'waiting', error: expect.stringContaining('CONFIRM_URL') });
  ahead += MINUTE_MS;
  await tickWith({});
  expect(sent).toEqual([lea]);
});

it('asks everybody again who has to confirm, once, however often the run is repeated', async () => {
  await tick();
  ahead += 48 * HOUR_MS;
  const [mia, ned] = [await join('mia', operator, { class: 'artists' }), await join('ned')];
  await gatehouse.settle();
  const path = '/v1/waitlist/confirmation-requests';
  const body = { reason: 'the first mails were lost' };
  expect((await service.post(path, body)).status).toBe(403);
  const { unconfirmed } = (await operator.get('/v1/waitlist')).body;
  const counts = async (more: object) => (await operator.post(path, { ...body, ...more })).body;
  const before = (await wholeLog(gatehouse.runtime.store)).length;
  const all = { asked: unconfirmed - 2, tooSoon: 2, others: 0 };
  expect(await counts({ limit: 1000, dryRun: true })).toEqual(all);
  expect(await counts({ class: 'artists', dryRun: true })).toEqual({ asked: 0, tooSoon: 1, others: 0 });
  expect(await counts({ olderThanDays: 1, dryRun: true })).toMatchObject({ tooSoon: 0 });
  expect(await wholeLog(gatehouse.runtime.store)).toHaveLength(before);

  let asked = 0;
  for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
    const part = await counts({ limit: 1, cursor });
    asked += part.asked;
    cursor = part.nextCursor;
  }
  expect(asked).toBe(all.asked);
  expect(asked).toBeGreaterThan(1);
  expect(await counts({ limit: 1000 })).toEqual({ asked: 0, tooSoon: unconfirmed, others: 0 });
  const requests = await wholeLog(gatehouse.runtime.store, ['AddressConfirmationRequested']);
  const again = requests.filter(({ data }) => data.reason === body.reason);
  expect(again).toHaveLength(asked);
  expect(again[0]!.metadata.actor).toMatchObject({ id: 'olga', role: 'operator' });

  ahead += 5 * MINUTE_MS;
  await operator.post(`/v1/waitlist/${mia}/confirmation`, { reason: 'before the view knows' });
  await service.delete(`/v1/waitlist/${ned}`);
  expect(await counts({ limit: 1000 })).toEqual({ asked: 0, tooSoon: asked, others: 2 });
});

it('asks them from the command line', async () => {
  ahead += 48 * HOUR_MS;
  await gatehouse.settle();
  const { unconfirmed } = (await operator.get('/v1/waitlist')).body;
  const cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
  const run = async (...more: string[]) => {
    const options = ['--reason', 'lost', '--per-hour', '1000000', ...more, '--json'];
    return JSON.parse((await cli.run('waitlist', 'resend-confirmations', ...options)).stdout);
  };
  expect(unconfirmed).toBeGreaterThan(0);
  expect(await run('--dry-run')).toEqual({ asked: unconfirmed, tooSoon: 0, others: 0 });
  expect(await run('--class', 'nobody')).toEqual({ asked: 0, tooSoon: 0, others: 0 });
  expect(await run('--older-than', '1')).toEqual({ asked: unconfirmed, tooSoon: 0, others: 0 });
  expect(await run()).toEqual({ asked: 0, tooSoon: unconfirmed, others: 0 });
});

it('asks nobody where addresses need not be confirmed', async () => {
  const beside = await gatehouse.beside({ env: { GATEHOUSE_WAITLIST_CONFIRM_URL: '' } });
  const answer = await client(beside.url, gatehouse.administratorToken).post('/v1/waitlist/confirmation-requests', {
    reason: 'spec',
  });
  expect([answer.status, answer.body.type]).toEqual([409, expect.stringMatching(/confirmation-off$/)]);
  await beside.close();
});

it('shows in the metrics how many people have to confirm their address', async () => {
  await gatehouse.settle();
  const { unconfirmed } = (await operator.get('/v1/waitlist')).body;
  const { body: text } = await gatehouse.administrator.get('/metrics');
  expect(text).toContain(`gatehouse_waitlist_people{status="unconfirmed"} ${unconfirmed}`);
});
