import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DAY_MS } from '../../libs/kernel/clock.js';
import { type Client, client, cloudEvent, codeOf, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';

let now: number;
let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;

beforeEach(async () => {
  now = Date.parse('2022-05-18T09:00:00Z');
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  await gatehouse.settle();
  operator = await gatehouse.as('olga', 'operator');
  service = await gatehouse.as('web-site', 'service');
});
afterEach(() => gatehouse.close());

async function peopleJoin(count: number, priority = 5): Promise<string[]> {
  const joined: string[] = [];
  for (let n = 0; n < count; n++) {
    const { body } = await service.post('/v1/waitlist', { email: `p${priority}-${n}@example.org`, priority });
    joined.push(body.accountId);
  }
  await gatehouse.settle();
  return joined;
}

const onboarded = async (): Promise<string[]> => {
  await gatehouse.settle();
  const { items } = (await operator.get('/v1/waitlist?status=onboarded&limit=500')).body;
  return items.map((one: { accountId: string }) => one.accountId);
};
const rollout = async () => (await operator.get('/v1/rollout')).body;

it('sets a rate, uses it for cohorts and frees it after seven days', async () => {
  expect(await rollout()).toEqual({
    words: [
      'No rate is set: nobody may be onboarded.',
      'Nobody waits in the line.',
      'Cohorts are admitted by hand.',
      'The gate holds: no rate above 0 is set, so there is no evidence yet.',
    ],
    perWeek: null,
    daily: false,
    isScheduled: false,
    paused: false,
    pauseReason: null,
    inWindow: 0,
    held: 0,
    ramp: null,
    phase: {
      ...{ phase: 'weekly', ceiling: null, people: 0, classes: null, restrictions: [], suspended: [] },
      entries: ['listed', 'invitation', 'line', 'schedule'],
    },
    available: 0,
    moreAt: null,
    delayed: [],
    nextSlice: null,
    gate: { inForce: 'hold', move: null, override: null, proposal: null },
    admissions: [],
    waiting: 0,
    eligible: 0,
    unconfirmed: 0,
    etag: expect.stringMatching(/^"[0-9a-f]{12}-0"$/),
    changes: [],
    planned: [],
    proposals: [],
    position: '0',
  });
  const people = await peopleJoin(5);
  expect(codeOf(await operator.post('/v1/cohorts', { size: 1 }))).toEqual([409, 'rate-not-set']);
  expect((await operator.put('/v1/rollout/rate', { perWeek: 3, daily: true })).status).toBe(200);
  expect((await operator.put('/v1/rollout/rate', { perWeek: 4, reason: 'a test', confirm: 4 })).status).toBe(200);
  expect(await rollout()).toMatchObject({ perWeek: 4, daily: true, available: 4, waiting: 5 });

  const admitted = await operator.post('/v1/cohorts', { size: 3, cohortId: 'first' });
  expect(admitted).toMatchObject({ status: 202, body: { cohortId: 'first', size: 3, selection: 'first-come' } });
  expect(await onboarded()).toEqual(people.slice(0, 3));
  expect((await operator.get('/v1/cohorts/first')).body).toMatchObject({
    size: 3,
    onboarded: 3,
    status: 'onboarded',
    perWeek: 4,
  });

  const moreAt = new Date(now + 7 * DAY_MS).toISOString();
  expect(await rollout()).toMatchObject({
    available: 1,
    moreAt,
    waiting: 2,
    admissions: [{ cohortId: 'first', size: 3, at: new Date(now).toISOString(), countsUntil: moreAt }],
  });
  const refused = await operator.post('/v1/cohorts', { size: 2 });
  expect([...codeOf(refused), refused.body.available, refused.body.moreAt]).toEqual([409, 'rate-exceeded', 1, moreAt]);
  now += 7 * DAY_MS;
  expect(await rollout()).toMatchObject({ available: 4, moreAt: null, admissions: [] });
});

it('admits everybody waiting within the rate if no size is given, and refuses if nobody waits', async () => {
  await operator.put('/v1/rollout/rate', { perWeek: 3, reason: 'a test', confirm: 3 });
  await gatehouse.settle();
  expect(codeOf(await operator.post('/v1/cohorts', {}))).toEqual([409, 'nobody-waiting']);
  const early = await peopleJoin(2);
  expect((await operator.post('/v1/cohorts', {})).body.size).toBe(2);
  expect(await onboarded()).toEqual(early);
  await peopleJoin(1, 6);
  expect((await operator.post('/v1/cohorts', {})).body.size).toBe(1);
  expect(codeOf(await operator.post('/v1/cohorts', {}))).toEqual([409, 'rate-exceeded']);
});

it('shows a cohort as soon as it is admitted', async () => {
  await operator.put('/v1/rollout/rate', { perWeek: 100, reason: 'a test', confirm: 100 });
  const { cohortId } = (await operator.post('/v1/cohorts', { size: 2 })).body;
  const shown = await operator.get(`/v1/cohorts/${cohortId}`);
  expect(shown.body).toMatchObject({ cohortId, size: 2, perWeek: 100, onboarded: 0, status: 'admitted' });
  await gatehouse.settle();
  // Nobody waited, so it stays empty.
  expect((await operator.get(`/v1/cohorts/${cohortId}`)).body).toEqual({ ...shown.body, status: 'onboarded' });
  expect(await rollout()).toMatchObject({ available: 100, admissions: [] });
});

it('onboards several cohorts that were admitted before the first was filled', async () => {
  const people = await peopleJoin(4);
  await operator.put('/v1/rollout/rate', { perWeek: 10, reason: 'a test', confirm: 10 });
  for (const cohortId of ['one', 'two']) await operator.post('/v1/cohorts', { size: 2, cohortId });
  expect(await rollout()).toMatchObject({ available: 6, admissions: [{ countsUntil: null }, { countsUntil: null }] });
  const hasty = await gatehouse.beside({ env: { GATEHOUSE_DECISION_WAIT_MS: '100' } });
  const refused = await client(hasty.url, gatehouse.administratorToken).post('/v1/cohorts', {});
  await hasty.close();
  expect(codeOf(refused)).toEqual([409, 'cohort-in-progress']);
  expect(await onboarded()).toEqual(people);
});

it('refuses a listed cohort with accounts that do not wait, and names them', async () => {
  const [ada, ben] = (await peopleJoin(2)) as [string, string];
  await operator.put('/v1/rollout/rate', { perWeek: 10, reason: 'a test', confirm: 10 });
  await operator.post('/v1/cohorts', { accounts: [ada], cohortId: 'first' });
  await gatehouse.settle();
  const refused = await operator.post('/v1/cohorts', { accounts: [ada, ben, 'stranger'] });
  expect([...codeOf(refused), refused.body.accounts]).toEqual([409, 'not-waiting', [ada, 'stranger']]);
  expect(refused.body.detail).toContain(`${ada} (onboarded with cohort first), stranger (unknown)`);
  expect(await rollout()).toMatchObject({ available: 9 });
});

it('onboards only the given priority class', async () => {
  await operator.put('/v1/rollout/rate', { perWeek: 3, reason: 'a test', confirm: 3 });
  const early = await peopleJoin(2);
  await operator.post('/v1/cohorts', {});
  expect(await onboarded()).toEqual(early);
  const late = await peopleJoin(2, 7);
  expect((await operator.post('/v1/cohorts', { priority: 7 })).body.size).toBe(1);
  expect(await onboarded()).toEqual([...early, late[0]]);
  expect(codeOf(await operator.post('/v1/cohorts', {}))).toEqual([409, 'rate-exceeded']);
});

it('accepts a repeated admission, and refuses another cohort with the same id', async () => {
  const people = await peopleJoin(3);
  await operator.put('/v1/rollout/rate', { perWeek: 10, reason: 'a test', confirm: 10 });
  const listed = { cohortId: 'friends', accounts: [people[2]!] };
  const first = await operator.post('/v1/cohorts', listed);
  expect(first.body).toMatchObject({ size: 1, selection: 'listed' });
  expect((await operator.post('/v1/cohorts', listed)).body).toEqual(first.body);
  const line = { cohortId: 'line', size: 2, priority: 5 };
  const second = await operator.post('/v1/cohorts', line);
  expect((await operator.post('/v1/cohorts', line)).body).toEqual(second.body);
  for (const other of [
    { cohortId: 'friends' },
    { cohortId: 'friends', size: 1 },
    { cohortId: 'friends', size: 2 },
    { cohortId: 'friends', priority: 1 },
    { cohortId: 'friends', accounts: [people[0]!] },
    { cohortId: 'friends', accounts: [people[2]!, people[0]!] },
    { cohortId: 'line', size: 1, priority: 5 },
    { cohortId: 'line', size: 2 },
    { cohortId: 'line', size: 2, priority: 6 },
    { cohortId: 'line', accounts: people.slice(0, 2) },
  ]) {
    expect([other, ...codeOf(await operator.post('/v1/cohorts', other))]).toEqual([other, 409, 'cohort-known']);
  }
  expect(await onboarded()).toEqual(people);
});

it('admits nobody while onboarding is paused', async () => {
  await peopleJoin(1);
  await operator.put('/v1/rollout/rate', { perWeek: 10, reason: 'a test', confirm: 10 });
  await operator.post('/v1/rollout/pause', { reason: 'reviewers are behind' });
  expect(await rollout()).toMatchObject({ paused: true, pauseReason: 'reviewers are behind' });
  expect(codeOf(await operator.post('/v1/cohorts', {}))).toEqual([409, 'onboarding-paused']);
  expect((await operator.post('/v1/rollout/resume')).status).toBe(200);
  expect((await operator.post('/v1/cohorts', { size: 1 })).status).toBe(202);
});

it('names a cohort that waits and keeps the line waiting, and closes it with those who are in', async () => {
  await peopleJoin(4);
  await operator.put('/v1/rollout/rate', { perWeek: 2, reason: 'a test', confirm: 2 });
  now += 8 * DAY_MS;
  await operator.post('/v1/cohorts', { size: 2, cohortId: 'ahead' });
  await gatehouse.settle();
  now -= 8 * DAY_MS;
  await operator.post('/v1/cohorts', { size: 2, cohortId: 'late' });
  expect((await rollout()).delayed).toEqual([]);
  now += 2 * DAY_MS;
  await expect(gatehouse.settle()).rejects.toMatchObject({ code: 'rate-used' });
  const { delayed, words } = await rollout();
  expect(delayed).toEqual([
    { cohortId: 'late', people: 2, until: '2022-06-02T09:00:00.000Z', holdsLine: true, isClosing: false },
  ]);
  expect(words).toContainEqual(expect.stringMatching(/gatehouse cohort close late/));
  const { body: measured } = await gatehouse.administrator.get('/metrics');
  expect(measured).toMatch(/^gatehouse_rollout_delayed_cohorts\{holds_line="true"\} 1$/m);
  expect(measured).toMatch(/^gatehouse_rollout_delayed_cohorts\{holds_line="false"\} 0$/m);
  expect(measured).toMatch(new RegExp(`^gatehouse_rollout_line_held_seconds ${(13 * DAY_MS) / 1000}$`, 'm'));
  const close = (cohortId: string) => operator.post(`/v1/cohorts/${cohortId}/closing`, { reason: 'a test' });
  expect(codeOf(await close('unheard-of'))).toEqual([404, 'cohort-unknown']);
  expect((await close('late')).status).toBe(202);
  expect((await rollout()).delayed).toMatchObject([{ isClosing: true }]);
  await gatehouse.settle();
  expect((await rollout()).delayed).toEqual([]);
  expect((await operator.get('/v1/cohorts/late')).body).toMatchObject({ status: 'onboarded', onboarded: 0 });
  const { position } = (await close('late')).body;
  expect((await close('late')).body.position).toBe(position);
});

it('lists cohorts, newest first, page by page', async () => {
  await peopleJoin(1);
  await operator.put('/v1/rollout/rate', { perWeek: 10, reason: 'a test', confirm: 10 });
  for (const cohortId of ['a', 'b', 'c']) {
    await operator.post('/v1/cohorts', { size: 1, cohortId });
    await gatehouse.settle();
    now += 1;
  }
  const first = (await operator.get('/v1/cohorts?limit=2')).body;
  const rest = (await operator.get(`/v1/cohorts?limit=2&cursor=${first.nextCursor}`)).body;
  expect([...first.items, ...rest.items].map((one) => one.cohortId)).toEqual(['c', 'b', 'a']);
  expect(rest.nextCursor).toBeUndefined();
  expect(codeOf(await operator.get('/v1/cohorts/unheard-of'))).toEqual([404, 'cohort-unknown']);
});

it('accepts cohorts that another system onboarded within the same rate, each part once', async () => {
  const [ada, ben, cleo, dan] = (await peopleJoin(4)) as [string, string, string, string];
  await operator.put('/v1/rollout/rate', { perWeek: 3, reason: 'a test', confirm: 3 });
  const send = async (data: Record<string, unknown>) => {
    const event = cloudEvent('CohortOnboarded', { cohortId: 'theirs', perWeek: 9, ...data });
    const { results } = (await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' }))
      .body;
    return results[0].reason ?? results[0].outcome;
  };
  expect(await send({ accounts: [ada, ben] })).toBe('accepted');
  expect(await send({ accounts: [ben, ada] })).toBe('duplicate');
  expect(await onboarded()).toEqual([ada, ben]);
  expect(await send({ accounts: [ada] })).toBe('cohort-known');
  expect(await send({ cohortId: 'daily-2032-01-01', accounts: [cleo] })).toBe('invalid-input');
  expect(await send({ accounts: [dan] })).toBe('cohort-known');
  expect(await send({ accounts: [cleo], part: 1 })).toBe('accepted');
  expect(await send({ accounts: [cleo], part: 1 })).toBe('duplicate');
  expect(await send({ accounts: [dan], part: 2 })).toBe('rate-exceeded');
  expect(await onboarded()).toEqual([ada, ben, cleo]);
});

it('quarantines a cohort of another system while one of its accounts does not wait', async () => {
  await operator.put('/v1/rollout/rate', { perWeek: 10, reason: 'a test', confirm: 10 });
  const send = async (event: object) =>
    (await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' })).body.results[0];
  const early = cloudEvent('CohortOnboarded', { cohortId: 'theirs', perWeek: 9, accounts: ['theirs-1'] });
  const kept = await send(early);
  expect(kept).toMatchObject({ outcome: 'quarantined', reason: 'not-waiting' });
  await gatehouse.settle();
  expect((await operator.get('/v1/cohorts/theirs')).status).toBe(404);
  await send(cloudEvent('WaitlistJoined', { accountId: 'theirs-1', email: 'theirs@example.org' }));
  const replayed = await gatehouse.administrator.post(`/v1/quarantine/${kept.quarantineId}/replay`);
  expect(replayed.body).toMatchObject({ outcome: 'accepted' });
  expect(await onboarded()).toEqual(['theirs-1']);
});

it('names every invalid field', async () => {
  for (const [field, body] of [
    ['/size', { size: 0 }],
    ['/size', { size: 1.5 }],
    ['/size', { size: 1, accounts: ['a'] }],
    ['/accounts', { accounts: [] }],
    ['/accounts', { accounts: ['a', 'a'] }],
    ['/accounts', { accounts: ['\u0000'] }],
    ['/accounts', { accounts: [null] }],
    ['/accounts', { accounts: 'a' }],
    ['/cohortId', { cohortId: 'a b' }],
    ['/cohortId', { cohortId: 'daily-2032-01-01', size: 1 }],
    ['/priority', { priority: 10 }],
  ] as const) {
    const answer = await operator.post('/v1/cohorts', body);
    expect([body, answer.status, answer.body.errors?.[0]?.field]).toEqual([body, 400, field]);
  }
  for (const body of [{}, { perWeek: -1 }, { perWeek: 10_000_001 }, { perWeek: 1, daily: 'yes' }]) {
    expect([body, (await operator.put('/v1/rollout/rate', body)).status]).toEqual([body, 400]);
  }
  for (const body of [{}, { reason: '' }, { reason: 'a\nb' }]) {
    expect([body, (await operator.post('/v1/rollout/pause', body)).status]).toEqual([body, 400]);
  }
});
