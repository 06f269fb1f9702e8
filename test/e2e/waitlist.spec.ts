import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandLineFor } from '../support/cli-process.js';
import { type Client, cloudEvent, startWithCallers, type TestGatehouse } from '../support/gatehouse.js';
import { wholeLog } from '../support/whole-log.js';

let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;
let nobody: Client;

beforeAll(async () => {
  ({ gatehouse, operator, service, nobody } = await startWithCallers());
});
afterAll(() => gatehouse.close());

const join = async (client: Client, name: string, more = {}) => {
  const { status, body } = await client.post('/v1/waitlist', { email: `${name}@example.org`, ...more });
  expect([status, body]).toEqual([202, expect.anything()]);
  return body;
};

const list = async (query = '') => {
  await gatehouse.settle();
  const { status, body } = await operator.get(`/v1/waitlist${query}`);
  expect([status, body]).toEqual([200, expect.anything()]);
  return body;
};

it('pages through waiting people in the order of priority class, then of joining', async () => {
  const joined = [];
  for (const [name, priority] of [
    ['ada', 5],
    ['ben', 5],
    ['cleo', 0],
    ['dan', 9],
    ['eve', 5],
  ] as const) {
    joined.push((await join(service, name, { priority })).accountId);
  }
  const [ada, ben, cleo, dan, eve] = joined;
  const whole = await list();
  expect(whole.items.map((one: { accountId: string }) => one.accountId)).toEqual([cleo, ada, ben, eve, dan]);
  expect(whole).toMatchObject({
    waiting: 5,
    items: [{ status: 'waiting', priority: 0, cohortId: null }, {}, {}, {}, {}],
  });

  const paged: string[] = [];
  for (let cursor = ''; ; ) {
    const { items, nextCursor } = await list(`?limit=2${cursor}`);
    paged.push(...items.map((one: { accountId: string }) => one.accountId));
    if (!nextCursor) break;
    cursor = `&cursor=${nextCursor}`;
  }
  expect(paged).toEqual([cleo, ada, ben, eve, dan]);
});

it('gives a service the place of an account, rounded, in the line of its class', async () => {
  const crowd = [];
  for (let n = 0; n < 12; n++) crowd.push((await join(service, `crowd-${n}`, { class: 'crowd' })).accountId);
  await join(service, 'other', { class: 'elsewhere', priority: 0 });
  await gatehouse.settle();
  const placeOf = async (accountId: string) => (await service.get(`/v1/waitlist/${accountId}/place`)).body;
  expect(await placeOf(crowd[0])).toEqual({
    accountId: crowd[0],
    status: 'waiting',
    placeUpTo: 10,
    position: expect.any(String),
  });
  expect((await placeOf(crowd[11])).placeUpTo).toBe(20);
  expect(await service.get('/v1/waitlist/nobody/place')).toMatchObject({ status: 404 });
  expect((await nobody.get(`/v1/waitlist/${crowd[0]}/place`)).status).toBe(401);
});

it('puts accounts into a class, says which ones it refused, and changes nothing when repeated', async () => {
  const { accountId } = await join(service, 'artist');
  const body = { class: 'artists', accounts: [accountId, 'stranger'], reason: 'a test' };
  const first = await operator.post('/v1/waitlist/classes', body);
  expect(first).toMatchObject({
    status: 200,
    body: {
      class: 'artists',
      changed: 1,
      refused: [{ accountId: 'stranger', why: expect.stringContaining('unknown') }],
    },
  });
  expect((await operator.post('/v1/waitlist/classes', body)).body).toMatchObject({ changed: 0 });
  const { items } = await list('?limit=500');
  expect(items.find((one: { accountId: string }) => one.accountId === accountId)).toMatchObject({ class: 'artists' });
  expect((await service.post('/v1/waitlist/classes', body)).status).toBe(403);
});

it('lets only operators make somebody staff or a hold-out, also by joining, and rejoining undoes neither', async () => {
  for (const name of ['staff', 'hold-out']) {
    const { status, body } = await service.post('/v1/waitlist', { email: `${name}@example.org`, class: name });
    expect([status, body.type]).toEqual([409, expect.stringMatching(/class-reserved$/)]);
    const event = cloudEvent('WaitlistJoined', { accountId: `acc-${name}`, email: `${name}@example.org`, class: name });
    expect(JSON.stringify((await service.post('/v1/events', event)).body)).toContain('class-reserved');
  }
  const { body } = await operator.post('/v1/waitlist', { email: 'held@example.org', class: 'hold-out' });
  await operator.delete(`/v1/waitlist/${body.accountId}`);
  await service.post('/v1/waitlist', { email: 'held@example.org', class: 'artists' });
  await gatehouse.settle();
  const { items } = (await operator.get('/v1/waitlist?limit=500')).body;
  expect(items.find((one: { accountId: string }) => one.accountId === body.accountId)).toMatchObject({
    ...{ class: 'hold-out', status: 'waiting' },
  });
});

it('records to which version of the content policy somebody agrees by joining, and only then', async () => {
  const agree = (client: Client, name: string, policyVersion: string) =>
    client.post('/v1/waitlist', { email: `${name}@example.org`, policyVersion });
  expect(await agree(service, 'agrees', 'consent-1')).toMatchObject({ status: 404 });
  const begun = performance.now();
  expect((await agree(nobody, 'agrees', 'consent-1')).body.type).toMatch(/policy-unknown$/);
  // As every answer for anybody: a quicker one would say whether the address is known.
  expect(performance.now() - begun).toBeGreaterThan(190);
  expect((await operator.post('/v1/policy', { version: 'consent-1' })).status).toBeLessThan(300);
  const { accountId } = (await agree(service, 'agrees', 'consent-1')).body;
  await join(nobody, 'silent');
  expect((await agree(nobody, 'silent', 'consent-1')).body).toEqual({ status: 'waiting' });
  await gatehouse.settle();
  const accepted = await wholeLog(gatehouse.runtime.store, ['PolicyAccepted']);
  expect(accepted.map(({ data }) => data)).toEqual([{ accountId, version: 'consent-1' }]);
  const joined = await wholeLog(gatehouse.runtime.store, ['WaitlistJoined']);
  expect(joined.find(({ data }) => data.accountId === accountId)!.data).toMatchObject({ policyVersion: 'consent-1' });
  const exported = await gatehouse.administrator.post(`/v1/persons/${accountId}/exports`, {
    reason: 'a-test',
    after: '0',
  });
  expect(JSON.stringify(exported.body)).toContain('consent-1');
  expect((await operator.post('/v1/policy', { version: 'consent-2' })).status).toBeLessThan(300);
  expect((await agree(nobody, 'late', 'consent-1')).body.type).toMatch(/policy-outdated$/);
});

it('does not let callers without a role choose their class', async () => {
  await join(nobody, 'climber', { class: 'staff' });
  const { items } = await list('?limit=500');
  expect(items.filter((one: { class: string }) => one.class === 'staff')).toEqual([]);
});

it('keeps one entry per person, however the address is typed', async () => {
  const first = await join(service, 'Frida');
  expect(first).toEqual({ accountId: expect.any(String), status: 'waiting', position: expect.stringMatching(/^\d+$/) });
  expect(await join(service, 'fRIDA')).toEqual(first);
  expect(await join(nobody, 'frida')).toEqual({ status: 'waiting' });
  expect(await join(service, 'frida')).toEqual(first);
});

it('gives anonymous callers the same answer for a new, a known, an onboarded, a suspended and a deactivated address', async () => {
  const { accountId: suspended } = await join(service, 'sam');
  const { accountId: deactivated } = await join(service, 'dora');
  const until = new Date(Date.now() + 3_600_000).toISOString();
  for (const { status, body } of [
    await operator.put('/v1/rollout/rate', { perWeek: 10 }),
    await operator.post('/v1/cohorts', { cohortId: 'known', accounts: [(await join(service, 'onno')).accountId] }),
    await operator.post(`/v1/accounts/${suspended}/suspension`, { until, reason: 'spec' }),
    await operator.post(`/v1/accounts/${deactivated}/deactivation`, { reason: 'spec' }),
  ])
    expect([status < 300, body]).toEqual([true, expect.anything()]);
  await gatehouse.settle();
  expect((await service.post('/v1/waitlist', { email: 'dora@example.org' })).status).toBe(409);

  const email = (name: string) => ({ email: `${name}@example.org`, priority: 0 });
  for (const name of ['new', 'new', 'onno', 'sam', 'dora']) {
    const asked = performance.now();
    const { status, body } = await nobody.post('/v1/waitlist', email(name));
    expect([name, status, body]).toEqual([name, 202, { status: 'waiting' }]);
    expect(performance.now() - asked).toBeGreaterThan(190);
  }
  const { items } = await list('?limit=500');
  const { accountId } = await join(service, 'new');
  expect(items).toContainEqual(expect.objectContaining({ accountId, priority: 5 }));
});

it('lets a person leave once, and join again at the end', async () => {
  const { accountId } = await join(service, 'gil');
  const left = await service.delete(`/v1/waitlist/${accountId}`);
  expect(left).toMatchObject({ status: 200, body: { position: expect.stringMatching(/^\d+$/) } });
  expect((await service.delete(`/v1/waitlist/${accountId}`)).body).toEqual(left.body);
  const { items } = await list('?status=left');
  expect(items).toMatchObject([{ accountId, status: 'left' }]);
  expect((await service.get(`/v1/waitlist/${accountId}/place`)).body).toMatchObject({
    status: 'left',
    placeUpTo: null,
  });

  await join(service, 'gil');
  await join(service, 'zoe', { priority: 0 });
  const waiting = (await list()).items;
  expect(waiting.at(-2).accountId).toBe(accountId);
});

it('names every invalid field, and answers no input with an internal error', async () => {
  const cases: [string, unknown][] = [
    ['/email', { email: 'no address' }],
    ['/email', { email: '"\u0001"@example.org' }],
    ['/reason', { email: 'a@example.org', reason: 'sealed:v1:erased' }],
    ['/reason', { email: 'a@example.org', reason: 'a\u0000b' }],
    ['/priority', { email: 'a@example.org', priority: null }],
    ['/locale', { email: 'a@example.org', locale: 'no language' }],
    ['/admin', { email: 'a@example.org', admin: true }],
  ];
  for (const [field, body] of cases) {
    const answer = await service.post('/v1/waitlist', body);
    expect([body, answer.status, answer.body.errors?.[0]?.field]).toEqual([body, 400, field]);
  }
  const forged = Buffer.from(JSON.stringify([0, 'x\u0000'])).toString('base64url');
  for (const query of [
    'limit=0',
    'limit=501',
    'limit=x',
    'status=all',
    'cursor=%00',
    `cursor=${forged}`,
    'cursor=e30',
  ]) {
    expect([query, (await operator.get(`/v1/waitlist?${query}`)).status]).toEqual([query, 400]);
  }
  for (const id of ['%00', 'a%2Fb', '-x', 'x'.repeat(201), '%F0%9F%A6%84']) {
    expect([id, (await service.delete(`/v1/waitlist/${id}`)).status]).toEqual([id, 400]);
  }
  expect((await service.delete('/v1/waitlist/unheard-of')).body.type).toMatch(/account-unknown$/);
});

it('imports people by every column that its help names, and refuses a file without them', async () => {
  const directory = await mkdtemp(pathOf(tmpdir(), 'gatehouse-columns-'));
  const file = pathOf(directory, 'people.csv');
  const { secret } = (await gatehouse.administrator.post('/v1/tokens', { name: 'columns', roles: ['service'] })).body;
  const cli = commandLineFor({ url: gatehouse.url, token: secret });
  const importing = async (text: string) => {
    await writeFile(file, text);
    return cli.run('waitlist', 'import', file);
  };
  try {
    const columns = /columns: ([^;]+);/.exec(
      (await cli.run('waitlist', 'import', '--help')).stdout.replace(/\s+/g, ' '),
    )![1]!;
    const given: Record<string, string> = {
      email: 'columns@example.org',
      priority: '3',
      class: 'artists',
      locale: 'en',
    };
    const values = columns.split(', ').map((name) => given[name] ?? (name === 'reason' ? 'drawings' : ''));
    expect(await importing(`${columns.replaceAll(' ', '')}\n${values.join(',')}\n`)).toMatchObject({ code: 0 });
    for (const text of ['', 'email,email\na@example.org,b@example.org\n', 'email,accountId\na@example.org,acc-1\n']) {
      expect(await importing(text)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('the first row must name'),
      });
    }
    const { code, stderr } = await cli.run('waitlist', 'import', directory);
    expect([code, stderr]).toEqual([2, expect.stringContaining("can't be read: it is a directory")]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('stops an import of people at what would be wrong with every row, and says the remedy once', async () => {
  const directory = await mkdtemp(pathOf(tmpdir(), 'gatehouse-import-'));
  const file = pathOf(directory, 'people.csv');
  await writeFile(file, 'email\nrefused-1@example.org\nrefused-2@example.org\n');
  const { secret } = (await gatehouse.administrator.post('/v1/tokens', { name: 'importer', roles: ['service'] })).body;
  const refused = async (token: string | undefined, ...more: string[]) => {
    const cli = commandLineFor({ url: gatehouse.url, ...(token !== undefined && { token }) });
    const { code, stdout, stderr } = await cli.run('waitlist', 'import', file, ...more);
    expect([code === 0, stdout]).toEqual([false, '']);
    return stderr;
  };
  try {
    for (const token of [secret, undefined]) {
      const said = await refused(token, '--addresses-confirmed');
      expect(said.match(/with a token of the role operator or administrator/g)).toHaveLength(1);
    }
    await operator.put('/v1/switches/join', { reason: 'bots' });
    expect(await refused(secret)).toMatch(/suspended/);
    await operator.delete('/v1/switches/join?reason=over');
  } finally {
    await rm(directory, { recursive: true });
  }
});
