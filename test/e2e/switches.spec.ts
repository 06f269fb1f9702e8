import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Standalone } from '../../apps/standalone/standalone.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { mayAtEach } from '../support/may-at-each.js';

const HOUR_MS = 3_600_000;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let beside: Standalone;
let operator: Client;
let other: Client;
let service: Client;
let nobody: Client;
/** Members of two cohorts. */
let ann: string;
let bob: string;

const join = (name: string, as: Client = service) => as.post('/v1/waitlist', { email: `${name}@example.org` });
const at = (ms: number) => new Date(ms).toISOString();

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  beside = await gatehouse.beside();
  operator = await gatehouse.as('olga', 'operator');
  other = await gatehouse.as('otto', 'operator');
  service = await gatehouse.as('web-site', 'service');
  nobody = await gatehouse.as('nobody');
  await operator.post('/v1/policy', { version: '1' });
  await operator.put('/v1/rollout/rate', { perWeek: 10 });
  [ann, bob] = (await Promise.all(['ann', 'bob'].map(async (name) => (await join(name)).body.accountId))) as [
    string,
    string,
  ];
  await gatehouse.settle();
  await operator.post('/v1/cohorts', { cohortId: 'w20', accounts: [ann] });
  await operator.post('/v1/cohorts', { cohortId: 'w21', accounts: [bob] });
  await gatehouse.settle();
  for (const id of [ann, bob])
    await gatehouse.administrator.post(`/v1/accounts/${id}/policy-acceptance`, { version: '1' });
});
afterAll(async () => {
  await beside?.close();
  await gatehouse?.close();
});

/** What both processes answer, once they have the position. */
const mayBoth = (accountId: string, action: string, minPosition: string): Promise<string> => {
  const image = { id: 'img-1', properties: { photorealistic: false } };
  const question = { accountId, action, image, minPosition };
  return mayAtEach([gatehouse, beside], gatehouse.administratorToken, question);
};

it('denies a suspended action at every gateway from the receipt on, until it is resumed', async () => {
  let { position } = (await operator.put('/v1/switches/generate', { reason: 'filter is broken' })).body;
  expect(await mayBoth(ann, 'generate', position)).toBe('generate-suspended');
  expect(await mayBoth(bob, 'generate', position)).toBe('generate-suspended');
  expect(await mayBoth(ann, 'download', position)).toBe('allowed');
  expect((await operator.put('/v1/switches/generate', { reason: 'filter is broken' })).body).toEqual({ position });
  ({ position } = (await operator.delete('/v1/switches/generate?reason=fixed')).body);
  expect(await mayBoth(ann, 'generate', position)).toBe('allowed');
});

it('denies it to one cohort, and allows it again at the given time though no consumer runs', async () => {
  const body = { reason: 'leaked links', until: at(now + HOUR_MS) };
  const { position } = (await operator.put('/v1/switches/share?cohortId=w20', body)).body;
  expect(await mayBoth(ann, 'share', position)).toBe('share-suspended-for-cohort');
  await gatehouse.settle();
  expect(await mayBoth(bob, 'share', position)).toBe('allowed');
  now += HOUR_MS - 1;
  expect(await mayBoth(ann, 'share', position)).toBe('share-suspended-for-cohort');
  now += 1;
  expect(await mayBoth(ann, 'share', position)).toBe('allowed');
});

it('takes nobody onto the waitlist over HTTP or as an event while joining is suspended', async () => {
  const { position } = (await operator.put('/v1/switches/join', { reason: 'bots', until: at(now + HOUR_MS) })).body;
  expect(await mayBoth('new', 'join', position)).toBe('join-suspended');
  const refused = await join('cleo');
  expect([...codeOf(refused), refused.body.until]).toEqual([409, 'join-suspended', at(now + HOUR_MS)]);
  expect(refused.body.detail).not.toContain('bots');
  const there = client(beside.url, gatehouse.administratorToken);
  expect(codeOf(await join('cleo', there))).toEqual([409, 'join-suspended']);
  // Nothing changes for those who are on it.
  expect((await join('ann')).body).toMatchObject({ accountId: ann, status: 'onboarded' });

  const event = cloudEvent('WaitlistJoined', { accountId: 'acc-dan', email: 'dan@example.org' });
  const [result] = (await service.post('/v1/events', event)).body.results;
  expect(result).toMatchObject({ outcome: 'quarantined', reason: 'join-suspended' });
  now += HOUR_MS;
  expect((await join('cleo')).status).toBe(202);
  const replayed = await gatehouse.administrator.post(`/v1/quarantine/${result.quarantineId}/replay`);
  expect(replayed.body).toMatchObject({ outcome: 'accepted' });
  expect((await operator.get('/v1/accounts/acc-dan')).body.status).toBe('waiting');
});

it('gives callers without a credential one answer for every address while joining is suspended', async () => {
  const { accountId: barred } = (await join('dora')).body;
  const { accountId: left } = (await join('lea')).body;
  await operator.post(`/v1/accounts/${barred}/deactivation`, { reason: 'spec' });
  await service.delete(`/v1/waitlist/${left}`);
  await operator.put('/v1/switches/join', { reason: 'bots' });
  for (const name of ['new', 'ann', 'cleo', 'dora', 'lea']) {
    const asked = performance.now();
    expect([name, ...codeOf(await join(name, nobody))]).toEqual([name, 409, 'join-suspended']);
    expect(performance.now() - asked).toBeGreaterThan(190);
  }
  await operator.delete('/v1/switches/join?reason=over');
  expect(await join('new', nobody)).toMatchObject({ status: 202, body: { status: 'waiting' } });
});

it('changes nothing for an operator who saw an earlier version of the switch', async () => {
  const seen = await operator.get('/v1/switches/download?cohortId=w20');
  expect([seen.headers.get('etag'), seen.body.suspended]).toEqual([seen.body.etag, false]);
  await other.put('/v1/switches/download?cohortId=w20', { reason: 'first' }, { 'if-match': seen.body.etag });
  const late = await operator.put(
    '/v1/switches/download?cohortId=w20',
    { reason: 'second' },
    { 'if-match': seen.body.etag },
  );
  const known = (await operator.get('/v1/switches/download?cohortId=w20')).body;
  expect([...codeOf(late), late.body.etag]).toEqual([412, 'changed-meanwhile', known.etag]);
  expect(late.body).toMatchObject({ changedBy: { kind: 'user', role: 'operator' }, change: 'ActionSuspended' });
  expect(late.body.changedBy).not.toHaveProperty('token');
  const resume = '/v1/switches/download?cohortId=w20&reason=done';
  expect(codeOf(await operator.delete(resume, { 'if-match': seen.body.etag }))).toEqual([412, 'changed-meanwhile']);
  // A lost answer: the repeated request finds the switch as it wants it.
  for (const _ of [1, 2]) expect((await operator.delete(resume, { 'if-match': known.etag })).status).toBe(200);
  expect((await operator.delete(resume, { 'if-match': 'etag' })).body.errors).toMatchObject([{ field: 'If-Match' }]);
});

it('shows what is suspended now, in status too, and who changed a switch why', async () => {
  await operator.put('/v1/switches/generate', { reason: 'one' });
  now += 1;
  await other.put('/v1/switches/generate', { reason: 'two', until: at(now + HOUR_MS) });
  const item = {
    ...{ action: 'generate', cohortId: null, phase: null },
    ...{ reason: 'two', since: at(now - 1), until: at(now + HOUR_MS) },
  };
  const { items } = (await service.get('/v1/switches')).body;
  expect(items).toEqual([item]);
  expect((await service.get('/v1/status')).body.switches).toEqual([item]);
  const { history, ...shown } = (await operator.get('/v1/switches/generate')).body;
  expect(shown).toMatchObject({ suspended: true, reason: 'two', until: item.until });
  expect(history.slice(-2)).toMatchObject([
    { type: 'ActionSuspended', actor: { id: 'olga', role: 'operator' }, reason: 'one', until: null },
    { type: 'ActionSuspended', actor: { id: 'otto' }, reason: 'two', until: item.until },
  ]);
  now += HOUR_MS;
  expect((await service.get('/v1/switches')).body.items).toEqual([]);
  expect((await operator.get('/v1/switches/generate')).body).toMatchObject({ suspended: false, reason: null });
});

it('names what is wrong with a request, and is closed to other roles', async () => {
  for (const [path, body, field] of [
    ['/v1/switches/flag', { reason: 'x' }, 'action'],
    ['/v1/switches/generate', { reason: '' }, '/reason'],
    ['/v1/switches/generate', {}, '/reason'],
    ['/v1/switches/generate', { reason: 'x', until: 'tomorrow' }, '/until'],
    ['/v1/switches/generate?cohortId=a%20b', { reason: 'x' }, 'cohortId'],
    ['/v1/switches/join?cohortId=w20', { reason: 'x' }, 'cohortId'],
  ] as const) {
    const { status, body: problem } = await operator.put(path, body);
    expect([path, status, problem.errors?.[0].field]).toEqual([path, 400, field]);
  }
  expect((await operator.delete('/v1/switches/generate')).body.errors).toMatchObject([{ field: 'reason' }]);
  const over = await operator.put('/v1/switches/generate', { reason: 'x', until: at(now) });
  expect(codeOf(over)).toEqual([409, 'suspension-over']);
  const reviewer = await gatehouse.as('rita', 'reviewer');
  for (const one of [service, reviewer, await gatehouse.as('carl', 'compliance')])
    expect((await one.put('/v1/switches/generate', { reason: 'x' })).status).toBe(403);
  expect((await reviewer.get('/v1/switches/generate')).status).toBe(200);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
