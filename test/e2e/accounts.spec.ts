import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { positionOrTime } from '../../libs/cli/commands.js';
import { type Client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { judge } from '../support/judge.js';

const START = Date.parse('2022-05-18T09:00:00Z');
const HOUR_MS = 3_600_000;
let now = START;
let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  operator = await gatehouse.as('olga', 'operator');
  service = await gatehouse.as('web-site', 'service');
});
afterAll(() => gatehouse.close());

const join = async (name: string) =>
  (await service.post('/v1/waitlist', { email: `${name}@example.org` })).body as {
    accountId: string;
    position: string;
  };
const show = async (id: string, asOf?: string) =>
  (await operator.get(`/v1/accounts/${id}${asOf === undefined ? '' : `?asOf=${encodeURIComponent(asOf)}`}`)).body;
type Explanation = { reason: string };

it('publishes the content policy and accepts only the acceptance of the version in force', async () => {
  expect((await service.get('/v1/policy')).body).toMatchObject({ current: null, versions: [], position: '0' });
  const { accountId } = await join('ada');
  expect(codeOf(await service.post(`/v1/accounts/${accountId}/policy-acceptance`, { version: '1' }))).toEqual([
    404,
    'policy-unknown',
  ]);

  const published = { version: '1', text: 'be kind', url: 'https://example.org/1' };
  const first = await operator.post('/v1/policy', published);
  expect(first).toMatchObject({ status: 201, body: { position: expect.stringMatching(/^\d+$/) } });
  expect((await operator.post('/v1/policy', published)).body).toEqual(first.body);
  await operator.post('/v1/policy', { version: '2' });
  expect(codeOf(await operator.post('/v1/policy', published))).toEqual([409, 'policy-superseded']);
  const { current, versions } = (await service.get('/v1/policy')).body;
  expect(current).toMatchObject({ version: '2', url: null, digest: null });
  // SHA-256 of "be kind"
  expect(versions[0]).toMatchObject({
    version: '1',
    url: 'https://example.org/1',
    digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
  });

  expect(codeOf(await service.post(`/v1/accounts/${accountId}/policy-acceptance`, { version: '1' }))).toEqual([
    409,
    'policy-outdated',
  ]);
  const accepted = await service.post(`/v1/accounts/${accountId}/policy-acceptance`, { version: '2' });
  expect(accepted.status).toBe(200);
  expect(await show(accountId)).toMatchObject({ status: 'waiting', policyVersion: '2', asOf: accepted.body });
});

it('shows the state of an account at any position, and who changed it', async () => {
  const { accountId, position: joined } = await join('ben');
  const until = new Date(now + HOUR_MS).toISOString();
  const suspended = await operator.post(`/v1/accounts/${accountId}/suspension`, { until, reason: 'first-strike' });
  const deactivated = await operator.post(`/v1/accounts/${accountId}/deactivation`, { reason: 'operator-decision' });
  const reinstated = await operator.post(`/v1/accounts/${accountId}/reinstatement`, { reason: 'appeal-granted' });

  expect(await show(accountId, joined)).toMatchObject({
    status: 'waiting',
    deactivated: false,
    suspendedUntil: null,
    asOf: { position: joined },
  });
  expect(await show(accountId, suspended.body.position)).toMatchObject({ deactivated: false, suspendedUntil: until });
  expect(await show(accountId, deactivated.body.position)).toMatchObject({ deactivated: true, suspendedUntil: until });
  const today = await show(accountId);
  expect(today).toMatchObject({
    accountId,
    deactivated: false,
    suspendedUntil: null,
    policyVersion: null,
    cohortId: null,
    asOf: reinstated.body,
  });
  expect(today.history.map((entry: { type: string }) => entry.type)).toEqual([
    'WaitlistJoined',
    'AccountSuspended',
    'AccountDeactivated',
    'AccountReinstated',
  ]);
  expect(today.history[1]).toEqual({
    position: suspended.body.position,
    type: 'AccountSuspended',
    enforcementId: expect.any(String),
    time: new Date(now).toISOString(),
    reason: 'first-strike',
    until: new Date(now + HOUR_MS).toISOString(),
    actor: { kind: 'user', id: 'olga', role: 'operator', token: expect.any(String) },
  });
  expect(codeOf(await operator.get(`/v1/accounts/${accountId}?asOf=0`))).toEqual([404, 'account-unknown']);
});

it('shows the state of an account at any time, by when each event was stored', async () => {
  const { accountId } = await join('cleo');
  const { asOf } = await show(accountId);
  const later = new Date(Date.parse(asOf.time) + HOUR_MS).toISOString().replace('Z', '+00:00');
  expect((await show(accountId, later)).history).toHaveLength(1);
  expect(codeOf(await operator.get(`/v1/accounts/${accountId}?asOf=2001-01-01T00:00:00Z`))).toEqual([
    404,
    'account-unknown',
  ]);
});

it('explains a position by the clock of its time, not by that of the question', async () => {
  const { accountId } = await join('mia');
  const until = '2100-01-01T00:00:00.000Z';
  const { body } = await operator.post(`/v1/accounts/${accountId}/suspension`, { until, reason: 'first-strike' });
  now = Date.parse(until);
  const reasons = async (asOf?: string) => (await show(accountId, asOf)).why.map(({ reason }: Explanation) => reason);
  expect(await reasons(body.position)).toEqual(['account-suspended', 'not-onboarded']);
  expect(await reasons()).toEqual(['not-onboarded']);
  now = START;
});

it('explains that a confirmed review denies everything before its deactivation is stored, now and later', async () => {
  const { accountId } = await join('nia');
  const flag = { imageId: 'img-nia', flaggedBy: 'det-1', flaggerKind: 'detector', categories: [] };
  await service.post('/v1/events', cloudEvent('ImageGenerated', { imageId: 'img-nia', accountId }));
  await service.post('/v1/events', cloudEvent('ContentFlagged', flag));
  await gatehouse.settle();
  const { administrator, runtime } = gatehouse;
  expect((await judge(administrator, 'img-nia', 'unsafe')).status).toBe(200);
  const confirmed = String(await runtime.store.head());
  const asked = await administrator.post('/access/v1/evaluation', {
    subject: { type: 'account', id: accountId },
    action: { name: 'generate' },
    resource: { type: 'product', id: 'images' },
    context: { minPosition: confirmed },
  });
  const pending = { deactivated: false, why: [{ reason: asked.body.context.reason }, { reason: 'not-onboarded' }] };
  expect(asked.body.context.reason).toBe('account-deactivated');
  expect(await show(accountId)).toMatchObject(pending);
  await gatehouse.settle();
  expect(await show(accountId)).toMatchObject({ deactivated: true, why: [{ imageId: 'img-nia' }, {}] });
  expect(await show(accountId, confirmed)).toMatchObject(pending);
});

it('accepts a deactivation of another system once, also for an unknown account', async () => {
  const deactivation = cloudEvent('AccountDeactivated', {
    accountId: 'elsewhere-1',
    reason: 'chargeback',
    categories: [],
  });
  const again = cloudEvent('AccountDeactivated', { accountId: 'elsewhere-1', reason: 'chargeback', categories: [] });
  const outcomes = [];
  for (const event of [deactivation, deactivation, again]) {
    const { body } = await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' });
    outcomes.push(body.results[0].outcome);
  }
  expect(outcomes).toEqual(['accepted', 'duplicate', 'duplicate']);
  expect(await show('elsewhere-1')).toMatchObject({
    status: 'unknown',
    deactivated: true,
    history: [{ type: 'AccountDeactivated' }],
  });
});

it('changes nothing when another system repeats an event, also if the first one was a no-op', async () => {
  const { accountId } = await join('eli');
  const outcome = async (event: object) => (await service.post('/v1/events', event)).body.results[0].outcome;
  const deactivation = () =>
    cloudEvent('AccountDeactivated', { accountId, reason: 'chargeback', categories: ['fraud'] }, { source: '/risk' });
  const joining = cloudEvent('WaitlistJoined', { accountId, email: 'eli@example.org' }, { source: '/partner' });
  const [one, other] = [deactivation(), deactivation()];
  expect([await outcome(joining), await outcome(one), await outcome(other)]).toEqual([
    'duplicate',
    'accepted',
    'duplicate',
  ]);
  await operator.post(`/v1/accounts/${accountId}/reinstatement`, { reason: 'mistake' });
  await operator.delete(`/v1/waitlist/${accountId}`);
  const before = await show(accountId);
  expect(before).toMatchObject({ status: 'left', deactivated: false });
  for (const event of [other, one, joining]) expect(await outcome(event)).toBe('duplicate');
  expect(await show(accountId)).toEqual(before);
});

it('names the rule of a refusal and the fields of invalid input', async () => {
  const { accountId } = await join('dan');
  const path = `/v1/accounts/${accountId}`;
  const over = { until: new Date(now - 1).toISOString(), reason: 'late' };
  expect(codeOf(await operator.post(`${path}/suspension`, over))).toEqual([409, 'suspension-over']);
  const until = '2022-06-01T00:00:00Z';
  expect(codeOf(await operator.post('/v1/accounts/unheard-of/suspension', { until, reason: 'x' }))).toEqual([
    404,
    'account-unknown',
  ]);
  for (const [action, body] of [
    ['suspension', { until: 'tomorrow', reason: 'x' }],
    ['suspension', { until: '2022-02-30T00:00:00Z', reason: 'x' }],
    ['suspension', { until: '+275760-09-13T00:00:00Z', reason: 'x' }],
    ['suspension', { until, reason: 'Two words' }],
    ['reinstatement', {}],
    ['deactivation', { reason: 'x', categories: ['a', 'a'] }],
    ['deactivation', { reason: 'x', categories: 'a' }],
    ['deactivation', { reason: 'x', categories: [7] }],
  ] as const) {
    expect([action, body, (await operator.post(`${path}/${action}`, body)).status]).toEqual([action, body, 400]);
  }
  for (const asOf of ['now', '-1', '1e3', '2022-13-01T00:00:00Z', '2022-05-18', '9'.repeat(50), '%00']) {
    expect([asOf, (await operator.get(`${path}?asOf=${asOf}`)).status]).toEqual([asOf, 400]);
  }
  for (const id of ['%00', '-x', 'x'.repeat(201)]) expect((await operator.get(`/v1/accounts/${id}`)).status).toBe(400);
  for (const body of [
    { version: '' },
    { version: '3', url: 'ftp://x' },
    { version: '3', url: 'javascript:alert(1)' },
    { version: 'a b' },
  ]) {
    expect([body, (await operator.post('/v1/policy', body)).status]).toEqual([body, 400]);
  }
});

it('refuses a time that does not exist everywhere, and accepts a leap second as the last moment of its minute', async () => {
  const { accountId } = await join('eve');
  const suspension = (until: string) => operator.post(`/v1/accounts/${accountId}/suspension`, { until, reason: 'x' });
  const asOf = (time: string) => operator.get(`/v1/accounts/${accountId}?asOf=${encodeURIComponent(time)}`);
  const sent = async (time: string) => {
    const event = cloudEvent('ImageShared', { imageId: `img-${time}`, accountId }, { time });
    return (await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' })).body
      .results[0];
  };
  for (const time of ['2022-02-30T00:00:00Z', '2022-02-29T23:59:60Z', '2022-04-30T23:58:60Z', '2022-05-01T00:00:61Z']) {
    expect([time, (await suspension(time)).status]).toEqual([time, 400]);
    expect([time, (await asOf(time)).status]).toEqual([time, 400]);
    expect([time, await sent(time)]).toEqual([
      time,
      expect.objectContaining({ reason: 'invalid-time', field: 'time' }),
    ]);
    expect(() => positionOrTime(time)).toThrow(/a time such as/);
  }
  expect((await suspension('2022-12-31T15:59:60.5-08:00')).status).toBe(200);
  expect((await show(accountId)).suspendedUntil).toBe('2022-12-31T23:59:59.999Z');
  expect((await asOf('2021-12-31T23:59:60Z')).body.type).toMatch(/account-unknown$/);
  const { position } = await sent('2021-12-31T23:59:60Z');
  const { events } = (await gatehouse.administrator.get(`/v1/log?after=${position - 1}&limit=1`)).body;
  expect(events[0].metadata.time).toBe('2021-12-31T23:59:59.999Z');
  expect(positionOrTime('2021-12-31T23:59:60Z')).toBe('2021-12-31T23:59:60Z');
});
