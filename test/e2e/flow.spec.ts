import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { catalogue } from '../../apps/composition/catalogue.js';
import { DecisionPoint } from '../../libs/access/decision-point/decision-point.js';
import { imagesView } from '../../libs/images/index.js';
import { liveBuild } from '../../libs/projections/builds.js';
import { park } from '../../libs/subscriptions/checkpoints.js';
import { blockDatabase } from '../support/blocked-database.js';
import { type Answer, type Client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';
import { monotonicClock } from '../support/monotonic-clock.js';
import { until } from '../support/until.js';

const HOUR_MS = 3_600_000;
const STALENESS_MS = 600_000;
const USES = ['generate', 'share', 'download', 'flag'];

/** An image that nobody reported, but of which the caller knows that it is no photograph. */
const DRAWN = { type: 'image', id: 'img-0', properties: { photorealistic: false } };

const monotonic = monotonicClock();
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;
let reviewer: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({
    clock: { now: () => now },
    env: { GATEHOUSE_STALENESS_MS: String(STALENESS_MS) },
  });
  operator = await gatehouse.as('olga', 'operator');
  service = await gatehouse.as('image-service', 'service');
  reviewer = await gatehouse.as('rita', 'reviewer');
  await gatehouse.settle();
});
afterAll(async () => {
  await gatehouse.close();
  monotonic.restore();
});

/** `allowed`, or the reason of the deny, as of a position. */
async function ask(
  id: string,
  action: string,
  minPosition: string,
  { type = 'account', resource = DRAWN as object } = {},
): Promise<string> {
  const { status, body } = await service.post('/access/v1/evaluation', {
    subject: { type, id },
    action: { name: action },
    resource,
    context: { minPosition },
  });
  expect([status, body]).toEqual([200, { decision: expect.any(Boolean), context: expect.any(Object) }]);
  return body.decision ? 'allowed' : body.context.reason;
}

const send = async (type: string, data: Record<string, unknown>, attributes = {}) => {
  const { body } = await service.post('/v1/events', cloudEvent(type, data, attributes));
  return body.results[0] as { outcome: string; position: string; reason?: string };
};
const head = async (): Promise<string> => (await operator.get('/v1/status')).body.head;
const publish = async (version: string) => (await operator.post('/v1/policy', { version })).body.position as string;
const accept = async (id: string, version: string) =>
  (await service.post(`/v1/accounts/${id}/policy-acceptance`, { version })).body.position as string;

async function join(name: string): Promise<{ accountId: string; position: string }> {
  const { status, body } = await service.post('/v1/waitlist', { email: `${name}@example.org` });
  expect(status).toBe(202);
  return body;
}

async function onboarded(name: string): Promise<string> {
  const { accountId } = await join(name);
  await operator.put('/v1/rollout/rate', { perWeek: 1000, reason: 'a test', confirm: 1000 });
  expect((await operator.post('/v1/cohorts', { accounts: [accountId] })).status).toBe(202);
  await gatehouse.settle();
  return accountId;
}

it('takes a person from the waitlist to the deactivation of their account', async () => {
  const { accountId, position } = await join('ada');
  expect(await ask('nobody', 'generate', position)).toBe('account-unknown');
  expect(await ask(accountId, 'join', position)).toBe('allowed');
  expect(await ask(accountId, 'generate', position)).toBe('not-onboarded');

  await operator.put('/v1/rollout/rate', { perWeek: 10, reason: 'a test', confirm: 10 });
  await operator.post('/v1/cohorts', { size: 1, cohortId: 'first' });
  await gatehouse.settle();
  const admitted = (await operator.get(`/v1/accounts/${accountId}`)).body;
  expect(admitted).toMatchObject({ status: 'onboarded', cohortId: 'first' });
  expect(await ask(accountId, 'generate', admitted.asOf.position)).toBe('policy-not-accepted');
  await publish('2022-05');
  expect(await ask(accountId, 'generate', await accept(accountId, '2022-05'))).toBe('allowed');
  expect(await ask(accountId, 'generate', await publish('2022-06'))).toBe('policy-outdated');
  const accepted = await accept(accountId, '2022-06');
  await gatehouse.settle();
  for (const action of USES) expect([action, await ask(accountId, action, accepted)]).toEqual([action, 'allowed']);
  expect(await ask(accountId, 'join', accepted)).toBe('already-onboarded');

  await send('ImageGenerated', { imageId: 'img-1', accountId, prompt: 'a cat', photorealistic: true, faces: false });
  await send('ImageShared', { imageId: 'img-1', accountId, audience: 'public' });
  await send('ImageDownloaded', { imageId: 'img-1', accountId });
  const flag = { imageId: 'img-1', flaggedBy: 'acc-9', flaggerKind: 'user', categories: ['violent'] };
  expect((await send('ContentFlagged', flag)).outcome).toBe('accepted');
  await gatehouse.settle();
  expect((await reviewer.get('/v1/cases?status=open')).body.items).toMatchObject([{ caseId: 'img-1', accountId }]);
  expect((await reviewer.post('/v1/cases/img-1/claim')).body).toMatchObject({ reviewer: 'rita' });
  const verdict = await judge(reviewer, 'img-1', 'unsafe');
  expect(verdict).toMatchObject({ status: 200, body: { status: 'confirmed' } });
  await gatehouse.settle();

  const { deactivated, asOf, history } = (await operator.get(`/v1/accounts/${accountId}`)).body;
  expect([deactivated, history.at(-1).type]).toEqual([true, 'AccountDeactivated']);
  expect(Number(asOf.position)).toBeGreaterThan(Number(verdict!.body.position));
  for (const action of [...USES, 'join']) {
    expect([action, await ask(accountId, action, asOf.position)]).toEqual([action, 'account-deactivated']);
  }
  await send('ContentFlagged', { ...flag, flaggedBy: 'acc-8' });
  await gatehouse.settle();
  expect((await gatehouse.administrator.get('/v1/log?types=AccountDeactivated')).body.events).toHaveLength(1);
});

it('denies a deactivated account soon after the verdict, with every worker running', async () => {
  const other = await startGatehouse({ background: true });
  const [tool, rita] = [await other.as('tool', 'service'), await other.as('rita', 'reviewer')];
  const { accountId } = (await tool.post('/v1/waitlist', { email: 'ben@example.org' })).body;
  await tool.post('/v1/events', [
    cloudEvent('ImageGenerated', { imageId: 'img-1', accountId }),
    cloudEvent('ContentFlagged', { imageId: 'img-1', flaggedBy: 'det-1', flaggerKind: 'detector', categories: [] }),
  ]);
  let verdict: Answer | undefined;
  await until(async () => {
    verdict = await judge(rita, 'img-1', 'unsafe');
    return verdict.status !== 404;
  });
  const question = {
    subject: { type: 'account', id: accountId },
    action: { name: 'generate' },
    resource: { type: 'image', id: 'img-2' },
    context: { minPosition: verdict!.body.position },
  };
  const reasons = new Set<string>();
  await until(async () => {
    const { body } = await tool.post('/access/v1/evaluation', question);
    expect(body.decision).toBe(false);
    reasons.add(body.context.reason);
    return reasons.has('account-deactivated');
  });
  expect([...reasons].filter((reason) => reason !== 'account-deactivated' && reason !== 'not-onboarded')).toEqual([]);
  await other.close();
});

it('ends a suspension by the clock, with every worker stopped', async () => {
  await publish('2022-07');
  const accountId = await onboarded('cleo');
  await accept(accountId, '2022-07');
  const until = new Date(now + HOUR_MS).toISOString();
  const { position } = (await operator.post(`/v1/accounts/${accountId}/suspension`, { until, reason: 'strike' })).body;
  for (const action of [...USES, 'join']) expect(await ask(accountId, action, position)).toBe('account-suspended');
  now += HOUR_MS - 1;
  expect(await ask(accountId, 'generate', position)).toBe('account-suspended');
  now += 1;
  for (const action of ['generate', 'download', 'flag']) expect(await ask(accountId, action, position)).toBe('allowed');
});

it('restricts sharing photorealistic faces that either the log or the caller reports', async () => {
  await publish('2022-08');
  const accountId = await onboarded('dan');
  await accept(accountId, '2022-08');
  const image = { imageId: 'face-1', accountId, photorealistic: true, faces: true };
  const { position } = await send('ImageGenerated', image);
  await gatehouse.settle();
  const known = { type: 'image', id: 'face-1' };
  const reported = { type: 'image', id: 'unknown', properties: { photorealistic: true, faces: true } };
  const drawn = { type: 'image', id: 'unheard-of', properties: { photorealistic: false, faces: true } };
  expect(await ask(accountId, 'share', position, { resource: known })).toBe('face-sharing-restricted');
  expect(await ask(accountId, 'share', position, { resource: reported })).toBe('face-sharing-restricted');
  expect(await ask(accountId, 'share', position, { resource: drawn })).toBe('allowed');
  expect(await ask(accountId, 'download', position, { resource: known })).toBe('allowed');
});

it('denies sharing an image with a stale view or a parked event', async () => {
  await publish('2022-08-b');
  const accountId = await onboarded('dora');
  await accept(accountId, '2022-08-b');
  await gatehouse.settle();
  const resource = { type: 'image', id: 'face-2' };
  await send('ImageGenerated', { imageId: 'face-2', accountId, photorealistic: true, faces: true });
  let answer = 'image-facts-unknown';
  while (answer === 'image-facts-unknown') {
    monotonic.pass(STALENESS_MS + 1);
    // Once the replica has read the head of the log again, only the images view is stale.
    await until(async () => (await ask(accountId, 'download', '0', { resource })) !== 'decision-point-stale');
    answer = await ask(accountId, 'share', '0', { resource });
  }
  expect(answer).toBe('decision-point-stale');
  expect(await ask(accountId, 'download', '0', { resource })).toBe('allowed');
  await gatehouse.settle();
  expect(await ask(accountId, 'share', '0', { resource })).toBe('face-sharing-restricted');

  const pool = new pg.Pool(gatehouse.database.connection);
  const build = (await liveBuild(pool, imagesView))!;
  const parked = { key: 'img-odd', position: 1, eventId: randomUUID(), eventType: 'ImageGenerated', error: 'odd' };
  await park(pool, [{ consumer: build.consumer, ...parked }]);
  await pool.end();
  const odd = { type: 'image', id: 'img-odd' };
  expect(await ask(accountId, 'share', '0', { resource: odd })).toBe('image-parked');
  expect(await ask(accountId, 'download', '0', { resource: odd })).toBe('allowed');
});

it('allows reviewers to review cases, but not their own flags', async () => {
  await send('ContentFlagged', { imageId: 'img-7', flaggedBy: 'rob', flaggerKind: 'user', categories: [] });
  await gatehouse.settle();
  const position = await head();
  const resource = { type: 'case', id: 'img-7' };
  expect(await ask('rita', 'review', position, { type: 'reviewer', resource })).toBe('allowed');
  expect(await ask('rob', 'review', position, { type: 'reviewer', resource })).toBe('own-flag');
  expect(await ask('rita', 'review', position, { type: 'reviewer' })).toBe('case-unknown');
  expect(await ask('rita', 'review', position, { resource })).toBe('not-a-reviewer');
  expect(await ask('rita', 'dance', position)).toBe('action-unknown');
});

it('denies as stale while the log is unreachable, and answers again afterwards', async () => {
  await publish('2022-09');
  const accountId = await onboarded('eve');
  const position = await accept(accountId, '2022-09');
  expect(await ask(accountId, 'generate', position)).toBe('allowed');
  const unblock = await blockDatabase(gatehouse.database);
  let answer = 'allowed';
  try {
    now += 6_000; // longer than a token is cached
    const shared = await ask(accountId, 'share', '0');
    expect(['allowed', 'decision-point-stale']).toContain(shared);
    expect(await ask(accountId, 'generate', '0')).toBe('allowed');
    monotonic.pass(STALENESS_MS + 1);
    answer = await ask(accountId, 'generate', '0');
    expect(answer).toBe('decision-point-stale');
    for (const action of [...USES, 'join']) expect(await ask(accountId, action, '0')).toBe('decision-point-stale');
    const away = await service.post('/v1/events', cloudEvent('ImageShared', { imageId: 'img-9', accountId }));
    expect([away.status, away.body.type]).toEqual([503, expect.stringMatching(/store-unavailable$/)]);
    expect((await service.get('/health/ready')).status).toBe(503);
    expect((await service.get('/health/live')).status).toBe(200);
  } finally {
    await unblock();
  }
  while (answer !== 'allowed') {
    expect(answer).toBe('decision-point-stale');
    answer = await ask(accountId, 'generate', '0');
  }
  expect((await send('ImageShared', { imageId: 'img-9', accountId })).outcome).toBe('accepted');
  await gatehouse.settle();
});

it('accepts all seven events of the contract from outside, and publishes all seven', async () => {
  const after = await head();
  const attributes = () => ({ id: randomUUID(), source: '/partner' });
  const sent = new Map<string, { id: string }>();
  const report = async (type: string, data: Record<string, unknown>) => {
    sent.set(type, attributes());
    expect([type, await send(type, data, sent.get(type))]).toEqual([
      type,
      expect.objectContaining({ outcome: 'accepted' }),
    ]);
    await gatehouse.settle();
  };
  await report('WaitlistJoined', { accountId: 'p-1', email: 'fay@example.org' });
  await report('CohortOnboarded', { cohortId: 'partner-1', accounts: ['p-1'], perWeek: 1000 });
  await report('ImageGenerated', { imageId: 'p-img', accountId: 'p-1', prompt: 'a dog' });
  await report('ImageShared', { imageId: 'p-img', accountId: 'p-1' });
  await report('ContentFlagged', { imageId: 'p-img', flaggedBy: 'p-2', flaggerKind: 'user', categories: ['hate'] });
  await report('ReviewConfirmed', { caseId: 'p-img', imageId: 'p-img', categories: ['hate'], reviewers: ['rev-p'] });
  await report('AccountDeactivated', { accountId: 'p-3', reason: 'chargeback', categories: [] });

  const { events, atHead } = (await service.get(`/v1/events?after=${after}&limit=2000`)).body;
  expect(atHead).toBe(true);
  const contract = catalogue.events.flatMap(({ contract: isPublic, type }) => (isPublic ? [type] : []));
  expect([...sent.keys()].sort()).toEqual(contract.sort());
  for (const [type, { id }] of sent) {
    // A cohort is first admitted under the given id; its own event follows from that.
    if (type === 'CohortOnboarded') continue;
    const out = events.find((event: { id: string }) => event.id === id);
    expect([type, out]).toEqual([type, expect.objectContaining({ type, source: '/partner', specversion: '1.0' })]);
  }
  const cohort = events.find((event: { type: string }) => event.type === 'CohortOnboarded');
  expect(cohort.data).toMatchObject({ cohortId: 'partner-1', accounts: ['p-1'] });
  const position = await head();
  expect(await ask('p-1', 'generate', position)).toBe('account-deactivated');
  expect(await ask('p-3', 'generate', position)).toBe('account-deactivated');
});

it('answers a valid evaluation ahead of the controller', async () => {
  await ask('acc-fast', 'generate', '0');
  const ofController = jest.spyOn(gatehouse.app.get(DecisionPoint), 'evaluate');
  expect(await ask('acc-fast', 'generate', '0')).toBe('account-unknown');
  expect(ofController).not.toHaveBeenCalled();
  ofController.mockRestore();
});
