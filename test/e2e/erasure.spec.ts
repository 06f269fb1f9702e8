import { cp, rename, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { erasureContext } from '../../libs/erasure/index.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { type Client, client, cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { damageKeyOf } from '../support/test-keys.js';
import { wholeLog } from '../support/whole-log.js';

const HOUR_MS = 3_600_000;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;
let carol: Client;
let service: Client;
let rita: Client;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
  carol = await gatehouse.as('carol', 'compliance');
  service = await gatehouse.as('web-site', 'service');
  rita = await gatehouse.as('rita', 'reviewer');
});
afterAll(() => gatehouse.close());

const refusal = (status: number, code: string) => ({ status, body: { type: expect.stringMatching(`${code}$`) } });
const join = async (email: string) => (await service.post('/v1/waitlist', { email, reason: 'to draw' })).body.accountId;
const erasure = async (person: string) => (await carol.get(`/v1/persons/${person}/erasure`)).body;
const request = (person: string) => carol.post(`/v1/persons/${person}/erasure`, { reason: 'the person asked for it' });
const tick = async () => {
  for (let step = 0; step < 2; step++) {
    await gatehouse.settle();
    for (const schedule of erasureContext.schedules!(gatehouse.runtime)) await schedule.tick();
    await gatehouse.beat();
  }
  await gatehouse.settle();
};
const reveal = async (level: string, caseId: string) =>
  (await rita.post(`/v1/cases/${caseId}/reveals`, { level, reason: 'the image alone is ambiguous' })).body;

describe('an erasure', () => {
  it('waits for its time, and can be cancelled until then', async () => {
    const ada = await join('ada@example.org');
    expect(await carol.get(`/v1/persons/${ada}/erasure`)).toMatchObject(refusal(404, 'erasure-unknown'));
    expect((await request(ada)).status).toBe(200);
    await request(ada);
    expect(await erasure(ada)).toMatchObject({ status: 'requested', dueAt: '2022-05-21T09:00:00.000Z', hold: null });
    now += 71 * HOUR_MS;
    await tick();
    expect(await erasure(ada)).toMatchObject({ status: 'requested', isKeyDestroyed: false });
    expect((await carol.delete(`/v1/persons/${ada}/erasure?reason=kept`)).status).toBe(200);
    now += HOUR_MS;
    await tick();
    expect(await erasure(ada)).toMatchObject({ status: 'none', isKeyDestroyed: false });
  });

  it('waits for a hold, also for one that is placed after the request', async () => {
    const ben = await join('ben@example.org');
    const holds = `/v1/accounts/${ben}/legal-holds`;
    await request(ben);
    await carol.post(holds, { holdId: 'court-1', reason: 'an order of a court' });
    now += 72 * HOUR_MS;
    await tick();
    expect(await erasure(ben)).toMatchObject({ status: 'requested', hold: expect.stringContaining('court-1') });
    await carol.delete(`${holds}/court-1?reason=over`);
    await tick();
    expect(await erasure(ben)).toMatchObject({ status: 'erased', isKeyDestroyed: true });
    const cem = await join('cem@example.org');
    await carol.post(`/v1/accounts/${cem}/legal-holds`, { holdId: 'court-2', reason: 'another order' });
    expect(await request(cem)).toMatchObject(refusal(409, 'under-hold'));
  });

  it('ends once every process has dropped the keys, and takes what others wrote about the person', async () => {
    const dan = await join('dan@example.org');
    await service.post('/v1/events', [
      cloudEvent('ImageGenerated', { imageId: 'img-1', accountId: dan, prompt: 'a horse on the moon' }),
      cloudEvent('ContentFlagged', {
        ...{ imageId: 'img-1', flaggedBy: 'acc-8', flaggerKind: 'user', categories: ['hate'], comment: 'that is Dan' },
      }),
      cloudEvent('ContentFlagged', {
        ...{ imageId: 'img-2', flaggedBy: 'acc-8', flaggerKind: 'user', categories: ['hate'], comment: 'not Dan' },
      }),
    ]);
    const wrong = cloudEvent('ImageShared', { imageId: 'not an id', accountId: dan });
    const { quarantineId } = (await service.post('/v1/events', wrong)).body.results[0];
    const named = cloudEvent('WaitlistJoined', { accountId: 'not an id', email: 'DAN@example.org' });
    const { quarantineId: other } = (await service.post('/v1/events', named)).body.results[0];
    await gatehouse.settle();
    for (const caseId of ['img-1', 'img-2']) await rita.post(`/v1/cases/${caseId}/claim`);
    expect(await reveal('prompt', 'img-1')).toMatchObject({ prompt: 'a horse on the moon' });
    expect((await reveal('comments', 'img-1')).comments).toHaveLength(1);

    const second = await gatehouse.beside();
    // A process that lives and has not looked yet.
    const { pool } = gatehouse.runtime;
    await pool.query(
      `INSERT INTO platform.processes (id, roles, host, pid, version, seen_at, key_epoch)
       VALUES (gen_random_uuid(), '{gateway}', 'slow', 7, '0', now() + interval '1 day', 1)`,
    );
    const before = await wholeLog(gatehouse.runtime.store);
    await request(dan);
    now += 72 * HOUR_MS;
    await tick();
    expect(await erasure(dan)).toMatchObject({ status: 'started', isKeyDestroyed: true });
    expect((await erasure(dan)).waitingFor).toContain('slow:7');
    expect(await carol.delete(`/v1/persons/${dan}/erasure?reason=late`)).toMatchObject(refusal(409, 'erasure-started'));
    await pool.query(`DELETE FROM platform.processes WHERE host = 'slow'`);
    await second.beat();
    await tick();
    expect(await erasure(dan)).toMatchObject({
      status: 'erased',
      waitingFor: [],
      keyEpoch: gatehouse.runtime.personKeys.store.epoch,
      backupsExpireAt: new Date(now + 30 * 24 * HOUR_MS).toISOString(),
      databaseBackupsExpireAt: null,
    });

    for (const caseId of ['img-1', 'img-2']) await rita.post(`/v1/cases/${caseId}/claim`);
    expect(await reveal('prompt', 'img-1')).toMatchObject({ prompt: null, unavailable: 1 });
    expect(await reveal('comments', 'img-1')).toMatchObject({ comments: [], unavailable: 1 });
    expect((await reveal('comments', 'img-2')).comments).toMatchObject([{ comment: 'not Dan' }]);
    for (const id of [quarantineId, other])
      expect((await carol.get(`/v1/quarantine/${id}`)).body).toMatchObject({ status: 'discarded' });
    // Nothing that was stored before has changed.
    expect((await wholeLog(gatehouse.runtime.store)).slice(0, before.length)).toEqual(before);
    const verification = (await carol.post('/v1/log-verifications', { full: true })).body;
    expect(verification.id).toEqual(expect.any(String));
    await second.close();
  });

  it('names backups of the database that still have its keys, if they were once in it', async () => {
    const { pool } = gatehouse.runtime;
    const until = new Date(now - 100 * 24 * HOUR_MS);
    const hal = await join('hal@example.org');
    await request(hal);
    now += 72 * HOUR_MS;
    await pool.query('UPDATE platform.key_store SET former_keys_until = $1', [until]);
    await tick();
    const expire = new Date(until.getTime() + 365 * 24 * HOUR_MS).toISOString();
    expect(await erasure(hal)).toMatchObject({
      ...{ status: 'erased', backupsExpireAt: expire, databaseBackupsExpireAt: expire },
    });
    await pool.query('UPDATE platform.key_store SET former_keys_until = NULL');
  });

  it('lists all of them, and is no business of others', async () => {
    const { items } = (await carol.get('/v1/erasures?status=erased')).body;
    expect(items).toHaveLength(3);
    for (const other of [service, rita]) expect((await other.get('/v1/erasures')).status).toBe(403);
  });
});

it('does not start with keys that an erasure has destroyed since', async () => {
  const { directory, epoch } = gatehouse.runtime.personKeys.store;
  const eva = await join('eva@example.org');
  await cp(directory, `${directory}-backup`, { recursive: true });
  await request(eva);
  now += 72 * HOUR_MS;
  await tick();
  await rename(directory, `${directory}-current`);
  await cp(`${directory}-backup`, directory, { recursive: true });
  await expect(gatehouse.beside()).rejects.toMatchObject({
    code: 'key-store-outdated',
    message: expect.stringMatching(new RegExp(`of epoch ${epoch}, but .* in epoch ${epoch + 1} `)),
  });
  await rm(directory, { recursive: true });
  await rename(`${directory}-current`, directory);
  const again = await gatehouse.beside();
  expect((await client(again.url, gatehouse.administratorToken).get('/v1/erasures')).status).toBe(200);
  await again.close();
});

it('of one person whose keys are damaged keeps nobody else from being erased', async () => {
  const { personKeys } = gatehouse.runtime;
  const { store } = personKeys;
  const fay = await join('fay@example.org');
  let gil = await join('gil@example.org');
  for (let n = 0; store.fileFor(gil) === store.fileFor(fay); n++) gil = await join(`gil-${n}@example.org`);
  for (const person of [fay, gil]) await request(person);
  await damageKeyOf(personKeys, fay);
  now += 72 * HOUR_MS;
  for (let times = 0; times < 2; times++) {
    await expect(tick()).rejects.toThrow('is damaged');
    await gatehouse.beat();
  }
  await gatehouse.settle();
  expect([await erasure(fay), await erasure(gil)]).toMatchObject([{ status: 'started' }, { status: 'erased' }]);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
