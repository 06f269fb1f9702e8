import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decisionPointName } from '../../libs/access/decision-point/applied-decisions.js';
import { OverdueNoting } from '../../libs/enforcement/processes/overdue-noting.js';
import { viewTable } from '../../libs/projections/view-tables.js';
import { disregardedDecisionsView } from '../../libs/safety/views/disregarded-decisions.js';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { until } from '../support/until.js';

let gatehouse: TestGatehouse;
let service: Client;
let operator: Client;
let rita: Client;
let cli: ReturnType<typeof commandLineFor>;

beforeAll(async () => {
  gatehouse = await startGatehouse();
  service = await gatehouse.as('session-service', 'service');
  operator = await gatehouse.as('olga', 'operator');
  rita = await gatehouse.as('rita', 'reviewer');
  cli = commandLineFor({ url: gatehouse.url, token: gatehouse.administratorToken });
});
afterAll(() => gatehouse.close());

const text = async (...args: string[]) => {
  const result = await cli.run(...args);
  expect({ args, ...result }).toMatchObject({ code: 0 });
  return result.stdout;
};

async function confirm(accountId: string, imageId: string): Promise<void> {
  await service.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId, accountId }),
    cloudEvent('ContentFlagged', { imageId, flaggedBy: 'det-1', flaggerKind: 'detector', categories: ['violent'] }),
  ]);
  await gatehouse.settle();
  expect(await judge(rita, imageId, 'unsafe')).toMatchObject({ status: 200 });
  await gatehouse.settle();
}

/** The process, so much later. */
async function tickAfter(seconds: number): Promise<void> {
  const { pool, transactor, logger } = gatehouse.runtime;
  await new OverdueNoting(pool, transactor, { now: () => Date.now() + seconds * 1000 }, logger).tick();
  await gatehouse.settle();
}

const ids = async (status: string) =>
  (await operator.get(`/v1/enforcements?status=${status}`)).body.items.map(
    (one: Record<string, string>) => one.enforcementId,
  );
const receipt = async (id: string) => (await operator.get(`/v1/enforcements/${id}`)).body;
const seenByService = async (id: string) => (await service.get(`/v1/enforcements/${id}`)).body;
const acknowledge = (id: string, target: string, more = {}) =>
  service.post(`/v1/enforcements/${id}/acknowledgements`, { target, ...more });
const feed = async (type: string) =>
  (await service.get('/v1/events?limit=500')).body.events.filter((event: { type: string }) =>
    event.type.endsWith(type),
  );

it('follows an enforcement until each target has acknowledged it, and asks the overdue ones again', async () => {
  await confirm('acc-before', 'img-before');
  const set = ['target', 'set', 'session-service', 'suspend,deactivate', '--deadline', '60', '--retry', '30'];
  expect(await text(...set, '--reason', 'sessions end')).toContain('session-service is asked about');
  await text('target', 'set', 'gallery', 'withhold', '--deadline', '600', '--reason', 'images vanish');
  expect(await text('target', 'list')).toMatch(/session-service +deactivate, suspend +60 +30/);
  await confirm('acc-1', 'img-1');
  expect(await ids('waiting')).toEqual(['img-1']);
  expect(await ids('overdue')).toEqual([]);
  expect(await receipt('img-1')).toMatchObject({
    statement: { ground: 'content-policy', decidedBy: 'reviewers', notedBy: 'automation', isMeasureAutomated: true },
    acknowledgements: [
      { target: 'gallery', isRegistered: true, acknowledgedAt: null },
      { target: 'session-service', isRegistered: true, acknowledgedAt: null },
    ],
  });

  await tickAfter(0);
  expect(await feed('EnforcementOverdue')).toEqual([]);
  await tickAfter(61);
  expect(await feed('EnforcementOverdue')).toMatchObject([
    { data: { caseId: 'img-1', targets: ['session-service'], measure: 'deactivate', isReversal: false, attempt: 1 } },
  ]);
  expect(await ids('overdue')).toEqual(['img-1']);
  expect(await text('enforcement', 'list', '--status', 'overdue')).toMatch(/img-1 +acc-1 +deactivate/);
  const metrics = await (
    await fetch(`${gatehouse.url}/metrics`, { headers: { authorization: `Bearer ${gatehouse.administratorToken}` } })
  ).text();
  expect(metrics).toContain('gatehouse_enforcements_overdue{target="session-service"} 1');

  expect(await text('enforcement', 'redeliver', 'img-1', '--reason', 'restored')).toContain('asked again');
  expect(await feed('EnforcementRedelivered')).toMatchObject([{ data: { targets: ['gallery', 'session-service'] } }]);
});

it('accepts acknowledgements by request or as events, once, and none that are outdated or of unknown targets', async () => {
  expect(await acknowledge('img-1', 'mailer')).toMatchObject({
    status: 404,
    body: { type: expect.stringMatching(/target-unknown$/) },
  });
  expect(await acknowledge('img-9', 'gallery')).toMatchObject({
    status: 404,
    body: { type: expect.stringMatching(/enforcement-unknown$/) },
  });
  expect(await acknowledge('img-1', 'session-service', { position: '1' })).toMatchObject({ status: 409 });
  const { head } = (await operator.get('/v1/status')).body;
  expect(await acknowledge('img-1', 'session-service', { position: head })).toMatchObject({ status: 200 });
  const repeated = await acknowledge('img-1', 'session-service');
  const event = cloudEvent('EnforcementAcknowledged', { caseId: 'img-1', target: 'gallery' });
  const outcomes: string[] = [];
  for (let sent = 0; sent < 2; sent++) outcomes.push((await service.post('/v1/events', event)).body.results[0].outcome);
  expect([repeated.status, ...outcomes]).toEqual([200, 'accepted', 'duplicate']);
  const wrong = cloudEvent('EnforcementAcknowledged', { target: 'gallery' });
  expect((await service.post('/v1/events', wrong)).body.results[0].outcome).toBe('quarantined');
  await gatehouse.settle();
  expect(await ids('waiting')).toEqual([]);
  const { acknowledgements, events } = await receipt('img-1');
  expect(acknowledgements.every((one: Record<string, string>) => one.acknowledgedAt !== null)).toBe(true);
  expect(events.filter((one: Record<string, string>) => one.type === 'EnforcementAcknowledged')).toHaveLength(2);
  expect(await text('enforcement', 'redeliver', 'img-1', '--reason', 'restored')).toContain('none is asked again');
  await tickAfter(10_000_000);
  expect(await feed('EnforcementOverdue')).toHaveLength(1);
});

it('changes and removes a target only if nobody changed it meanwhile, and then waits for it no longer', async () => {
  const answer = await operator.get('/v1/enforcement-targets/session-service');
  const { items } = (await operator.get('/v1/enforcement-targets')).body;
  expect(items.map((one: Record<string, string>) => one.name)).toEqual(['gallery', 'session-service']);
  expect(answer.body).toMatchObject(items[1]);
  await operator.post('/v1/accounts/acc-2/deactivation', { reason: 'spam' });
  await gatehouse.settle();
  expect(await ids('waiting')).toHaveLength(1);
  const remove = (etag: string) =>
    cli.run('target', 'remove', 'session-service', '--reason', 'over', '--if-match', etag);
  expect((await remove('"000000000000-1"')).code).not.toBe(0);
  expect((await remove(answer.body.etag)).stdout).toContain('session-service is no target');
  expect((await operator.get('/v1/enforcement-targets/session-service')).status).toBe(404);
  expect(await ids('waiting')).toEqual([]);
  await tickAfter(10_000_000);
  expect(await feed('EnforcementOverdue')).toHaveLength(1);
});

it('shows in the receipt since when each decision point denies, and how soon that was', async () => {
  for (const id of ['img-1', (await operator.get('/v1/enforcements?account=acc-2')).body.items[0].enforcementId]) {
    await until(async () => (await receipt(id)).decisionPoints[0]?.appliedAt);
    expect(await receipt(id)).toMatchObject({
      decisionPoints: [{ decisionPoint: decisionPointName(), appliedAt: expect.any(String) }],
      disregarded: 0,
    });
  }
  const { verdicts, firstDenial } = (await operator.get('/v1/metrics/deactivation-latency')).body;
  expect([verdicts, firstDenial.p50 <= firstDenial.p99]).toEqual([2, true]);
  expect(await text('enforcement', 'latency', '--days', '30')).toContain('2 verdicts within 30 days');
});

it('shows to services what was decided, and not who decided', async () => {
  expect(await receipt('img-1')).toMatchObject({ review: { reviewers: ['rita'] } });
  const { review, events } = await seenByService('img-1');
  expect(review.reviewers).toEqual([]);
  expect(events).toEqual([]);
});

it('shows receipts while the view of disregarded decisions is not built', async () => {
  const table = viewTable(disregardedDecisionsView);
  const [schema, name] = table.split('.');
  await gatehouse.runtime.pool.query(`ALTER TABLE ${table} RENAME TO hidden`);
  expect(await receipt('img-1')).toMatchObject({ disregarded: null, status: 'completed' });
  await gatehouse.runtime.pool.query(`ALTER TABLE ${schema}.hidden RENAME TO ${name}`);
  expect(await receipt('img-1')).toMatchObject({ disregarded: 0 });
});

it('counts in the receipt what services did since for the account, and with its image, each use once', async () => {
  const inTwoMinutes = { time: new Date(Date.now() + 120_000).toISOString() };
  const share = (accountId: string) => cloudEvent('ImageShared', { imageId: 'img-1', accountId }, inTwoMinutes);
  const answer = await service.post('/v1/events', [share('acc-1'), share('bob')]);
  expect(answer.status).toBe(202);
  await gatehouse.settle();
  expect(await receipt('img-1')).toMatchObject({ disregarded: 2 });
  expect(await text('enforcement', 'show', 'img-1')).toMatch(/disregarded +2\n/);
  const { body } = await operator.get('/v1/metrics/disregarded-decisions?limit=2');
  const late = { service: share('bob').source, action: 'share', imageId: 'img-1', reason: 'image-withheld' };
  expect(body).toMatchObject({ withheldImages: 1, items: [{ accountId: 'acc-1' }, {}] });
  expect(body.items[0].uses.map((one: { reason: string }) => one.reason)).toContain('account-deactivated');
  expect(body.items[0].uses.at(-1)).toEqual({ ...late, at: inTwoMinutes.time, lateMs: expect.any(Number) });
  expect(body.reasons).toContainEqual({ reason: 'image-withheld', uses: 2 });
  const path = `/v1/metrics/disregarded-decisions?limit=500&cursor=${body.nextCursor}`;
  const { items } = (await operator.get(path)).body;
  const ofBob = items.find((one: { accountId: string }) => one.accountId === 'bob');
  expect(ofBob.uses).toMatchObject([{ reason: 'not-onboarded' }, late]);
  const { body: metrics } = await gatehouse.administrator.get('/metrics');
  expect(metrics).toContain('gatehouse_disregarded_decisions{reason="image-withheld"} 2');
});

it('lists by account or by status', async () => {
  expect((await operator.get('/v1/enforcements')).status).toBe(400);
  expect((await operator.get('/v1/enforcements?account=acc-1')).body.items).toMatchObject([
    { waitingFor: [], isInForce: true },
  ]);
});

it('asks no target to carry out what was lifted', async () => {
  await text('target', 'set', 'key-service', 'deactivate', '--deadline', '60', '--reason', 'keys are revoked');
  await confirm('acc-3', 'img-3');
  const [ordered] = (await feed('EnforcementOrdered')).filter(
    (event: { data: Record<string, string> }) => event.data.caseId === 'img-3',
  );
  expect(ordered.data).toMatchObject({ measure: 'deactivate', targets: ['gallery', 'key-service'] });
  await operator.post('/v1/accounts/acc-3/reinstatement', { reason: 'mistake' });
  await gatehouse.settle();
  const before = (await feed('EnforcementOverdue')).length;
  await tickAfter(601);
  const asked = (await feed('EnforcementOverdue')).slice(before);
  expect(asked).toMatchObject([{ data: { caseId: 'img-3', targets: ['gallery'], lifted: ['deactivate'] } }]);
  expect(await receipt('img-3')).toMatchObject({
    acknowledgements: [
      { target: 'gallery', acknowledgedAt: null, isLifted: false },
      { target: 'key-service', acknowledgedAt: null, isLifted: true },
    ],
  });
  expect((await operator.get('/v1/enforcements?account=acc-3')).body.items).toMatchObject([
    { waitingFor: ['gallery'] },
  ]);
  expect(await acknowledge('img-3', 'gallery', { position: String(ordered.position) })).toMatchObject({ status: 200 });
  await text('target', 'remove', 'key-service', '--reason', 'over');
  await gatehouse.settle();
});
