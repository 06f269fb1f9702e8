import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AddressClaims, joinWithAddress } from '../../libs/account/index.js';
import { newEvent } from '../../libs/event-store/sample-events.contract.js';
import { Transactor } from '../../libs/event-store/transact.js';
import { dyingAfter } from '../support/dying-log.js';
import { type Client, client, cloudEvent, codeOf, startWithCallers, type TestGatehouse } from '../support/gatehouse.js';

let gatehouse: TestGatehouse;
let operator: Client;
let service: Client;
let nobody: Client;

beforeAll(async () => {
  ({ gatehouse, operator, service, nobody } = await startWithCallers());
});
afterAll(() => gatehouse.close());

const join = async (email: string, by = service): Promise<string> => {
  const { status, body } = await by.post('/v1/waitlist', { email });
  expect([email, status]).toEqual([email, 202]);
  return body.accountId;
};
const report = async (accountId: string, email: string) => {
  const event = cloudEvent('WaitlistJoined', { accountId, email });
  const { body } = await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' });
  return body.results[0].reason ?? body.results[0].outcome;
};
const statusOf = async (accountId: string) => (await service.get(`/v1/accounts/${accountId}`)).body.status;
const log = async () => (await gatehouse.runtime.store.readAll(0, { limit: 5_000 })).events;

it('gives spellings of one mailbox one account, and two mailboxes two', async () => {
  const user = await join('user@müller.example');
  for (const same of ['USER@xn--mller-kva.example', 'user@müller.example.', '"user"@MÜLLER.example']) {
    expect([same, await join(same)]).toEqual([same, user]);
  }
  expect(await join('ｏﬃce@example.org')).not.toBe(await join('office@example.org'));
  const refused = await service.post('/v1/waitlist', { email: 'us\u200ber@müller.example', locale: '?' });
  expect(refused.body.errors.map(({ field }: { field: string }) => field).sort()).toEqual(['/email', '/locale']);
  expect(await report('theirs', 'us\u200ber@müller.example')).toBe('invalid-input');
});

it('gives one account to any number of people who type one address at once', async () => {
  const spellings = ['crowd@müller.example', 'CROWD@xn--mller-kva.example', '"crowd"@müller.example.'];
  const answers = await Promise.all(Array.from({ length: 120 }, (_, n) => join(spellings[n % 3]!)));
  expect(new Set(answers).size).toBe(1);
  const joined = (await log()).filter(
    ({ type, stream }) => type === 'WaitlistJoined' && stream === `account-${answers[0]}`,
  );
  expect(joined).toHaveLength(1);
});

it('binds no address by a report that is refused', async () => {
  const alice = await join('alice@example.org');
  expect(await report(alice, 'bob@example.org')).toBe('address-differs');
  expect(await join('bob@example.org')).not.toBe(alice);

  await operator.post('/v1/accounts/dora/deactivation', { reason: 'spec' });
  expect(await report('dora', 'carl@example.org')).toBe('account-deactivated');
  expect(await join('carl@example.org')).not.toBe('dora');

  const before = (await log()).length;
  expect(await report('stranger', 'alice@example.org')).toBe('address-taken');
  expect((await log()).length).toBe(before);
  expect((await service.get('/v1/accounts/stranger')).status).toBe(404);
});

it('takes a report that was accepted for a duplicate ever after', async () => {
  const event = cloudEvent('WaitlistJoined', { accountId: 'erna', email: 'erna@example.org' });
  const send = async () =>
    (await service.post('/v1/events', event, { 'content-type': 'application/cloudevents+json' })).body.results[0];
  expect(await send()).toMatchObject({ outcome: 'accepted' });
  await service.delete('/v1/waitlist/erna');
  expect(await send()).toMatchObject({ outcome: 'duplicate' });
  await service.put('/v1/accounts/erna/address', { email: 'erna.new@example.org' });
  expect(await send()).toMatchObject({ outcome: 'duplicate' });
  expect(await statusOf('erna')).toBe('left');
});

it('puts nobody back who left for a caller without a credential', async () => {
  const gil = await join('gil@example.org');
  await service.delete(`/v1/waitlist/${gil}`);
  expect(await nobody.post('/v1/waitlist', { email: 'gil@example.org' })).toMatchObject({
    status: 202,
    body: { status: 'waiting' },
  });
  expect(await statusOf(gil)).toBe('left');
  expect(await join('gil@example.org')).toBe(gil);
  expect(await statusOf(gil)).toBe('waiting');
});

it('lets reviewers and compliance neither write the waitlist nor learn an account from an address', async () => {
  const known = await join('known@example.org');
  const before = (await log()).length;
  for (const role of ['reviewer', 'compliance'] as const) {
    const one = await gatehouse.as(`a-${role}`, role);
    for (const email of ['known@example.org', 'unknown@example.org']) {
      const answer = await one.post('/v1/waitlist', { email });
      expect([role, ...codeOf(answer)]).toEqual([role, 403, 'forbidden']);
      expect(JSON.stringify(answer.body)).not.toContain(known);
    }
    expect((await one.delete(`/v1/waitlist/${known}`)).status).toBe(403);
    expect((await one.put(`/v1/accounts/${known}/address`, { email: 'x@example.org' })).status).toBe(403);
  }
  expect((await log()).length).toBe(before);
});

it('changes the address of an account, says who did it, and frees the former one', async () => {
  const ada = await join('ada@example.org');
  const change = (email: string, by = operator) => by.put(`/v1/accounts/${ada}/address`, { email });
  const changed = await change('Ada@new.example');
  expect(changed).toMatchObject({ status: 200, body: { position: expect.stringMatching(/^\d+$/) } });
  expect((await change('ada@NEW.example.', service)).body).toEqual(changed.body);
  expect(await join('ada@new.example')).toBe(ada);
  const other = await join('ada@example.org');
  expect(other).not.toBe(ada);
  expect(codeOf(await change('ada@example.org'))).toEqual([409, 'address-taken']);
  expect(codeOf(await operator.put('/v1/accounts/unheard-of/address', { email: 'x@example.org' }))).toEqual([
    404,
    'account-unknown',
  ]);
  expect((await change('no address')).body.errors).toMatchObject([{ field: '/email' }]);

  const event = (await log()).find(({ type, stream }) => type === 'AddressChanged' && stream === `account-${ada}`)!;
  expect(event.metadata.actor).toMatchObject({ id: 'olga', role: 'operator' });
  expect(event.data.email).toMatch(/^sealed:v2:/);
  expect(JSON.stringify(await log())).not.toMatch(/new\.example/i);
  expect((await operator.get(`/v1/accounts/${ada}`)).body.history).toContainEqual(
    expect.objectContaining({ type: 'AddressChanged', actor: expect.objectContaining({ id: 'olga' }) }),
  );
  await gatehouse.settle();
  expect((await operator.get('/v1/waitlist?limit=500')).body.items).toContainEqual(
    expect.objectContaining({ accountId: ada, status: 'waiting' }),
  );
});

it.each([1, 2])('settles the reservation of a process that ended after %d appends', async (appends) => {
  const { store, transactor: _, schemas, addressHashes, personKeys, ids, clock } = gatehouse.runtime;
  const dying = dyingAfter(store, appends);
  const claims = new AddressClaims(new Transactor(dying, ids, clock, schemas), dying, addressHashes, personKeys, ids);
  const email = `ends-after-${appends}@example.org`;
  const accountId = `ends-${appends}`;
  const context = { actor: { kind: 'service' as const, id: 'spec' }, correlationid: 'spec' };
  const joining = claims.decide(
    { email, accountId, context },
    (_id, emailHash) => (holder, isHeld) =>
      joinWithAddress(holder, isHeld, { accountId, email, emailHash }, { now: clock.now() }),
  );
  await expect(joining).rejects.toThrow('killed');
  await gatehouse.settle();
  const steps = (await log()).filter(({ data, type }) => data.accountId === accountId && type !== 'CommandTaken');
  const last = ['AddressReserved', ...(appends === 1 ? ['AddressReleased'] : ['WaitlistJoined', 'PersonRegistered'])];
  expect(steps.map(({ type }) => type)).toEqual(last);
  expect(await join(email)).toEqual(appends === 1 ? expect.not.stringMatching(/^ends/) : accountId);
});

it('finds people whom an earlier version hashed, if the address is really theirs', async () => {
  const { runtime } = gatehouse;
  const hash = (text: string) => runtime.personKeys.keyedHash(text.normalize('NFKC').toLowerCase());
  const earlier = async (accountId: string, email: string, boundTo = email) => {
    const joined = newEvent('WaitlistJoined', { accountId, email, emailHash: hash(email) });
    await runtime.store.append([
      { stream: `person-${hash(boundTo)}`, expected: 'any', events: [newEvent('PersonRegistered', { accountId })] },
      { stream: `account-${accountId}`, expected: 'any', events: [joined] },
    ]);
  };
  await earlier('old-plain', 'Plain@old.example');
  await earlier('old-idn', 'user@bücher.example');
  await earlier('old-ascii', 'user@xn--mnchen-3ya.example');
  await earlier('old-dot', 'dot@old.example.');
  await earlier('old-wide', 'ｏﬃce@old.example');
  await earlier('old-wrong', 'mallory@old.example', 'victim@old.example');

  await runtime.pool.query('UPDATE platform.address_key SET log_was_empty = false');
  const upgraded = await gatehouse.beside();
  try {
    const site = client(upgraded.url, gatehouse.administratorToken);
    expect(await join('plain@old.example', site)).toBe('old-plain');
    expect(await join('user@xn--bcher-kva.example', site)).toBe('old-idn');
    expect(await join('user@münchen.example', site)).toBe('old-ascii');
    expect(await join('dot@old.example', site)).toBe('old-dot');
    expect(await join('office@old.example', site)).not.toMatch(/^old/);
    expect(await join('ｏﬃce@old.example', site)).toBe('old-wide');
    expect(await join('victim@old.example', site)).not.toMatch(/^old/);
    // Found once, they are found by the new hash, and may leave, return and change like everybody.
    await site.delete('/v1/waitlist/old-plain');
    expect(await join('PLAIN@old.example', site)).toBe('old-plain');
    expect((await site.put('/v1/accounts/old-idn/address', { email: 'idn@new.example' })).status).toBe(200);
    expect(await join('user@bücher.example', site)).not.toBe('old-idn');
    expect(await join('idn@new.example', site)).toBe('old-idn');
  } finally {
    await upgraded.close();
  }
});

it('does not start without the key store that the log was used with', async () => {
  const { directory } = gatehouse.runtime.personKeys.store;
  await rename(directory, `${directory}-away`);
  await expect(gatehouse.beside()).rejects.toMatchObject({ code: 'key-store-missing' });
  await rename(`${directory}-away`, directory);
  await (await gatehouse.beside()).close();
});
