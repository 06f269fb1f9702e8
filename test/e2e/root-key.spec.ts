import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { erasureContext } from '../../libs/erasure/index.js';
import { expectDecidedAgain } from '../support/decided-again.js';
import { client, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { wholeLog } from '../support/whole-log.js';

const MINUTE_MS = 60_000;
let now = Date.parse('2022-05-18T09:00:00Z');
let gatehouse: TestGatehouse;

beforeAll(async () => {
  gatehouse = await startGatehouse({ clock: { now: () => now } });
});
afterAll(() => gatehouse.close());

const tick = async () => {
  await gatehouse.settle();
  for (const schedule of erasureContext.schedules!(gatehouse.runtime)) await schedule.tick();
};
const rootKey = async () => (await gatehouse.administrator.get('/v1/root-key')).body;
const rotate = () => gatehouse.administrator.post('/v1/root-key/rotations', { reason: 'yearly' });
const masterKey = () => readFile(join(gatehouse.runtime.settings.data, 'master.key'), 'utf8');

it('rotates while processes run: each follows within a minute, nothing that was written is lost, and it is in the log', async () => {
  const { administrator, runtime } = gatehouse;
  const service = await gatehouse.as('web-site', 'service');
  const { accountId } = (await service.post('/v1/waitlist', { email: 'ada@example.org' })).body;
  const second = await gatehouse.beside();
  const former = await masterKey();
  const { epoch } = runtime.personKeys.store;
  now += 40 * 24 * 60 * MINUTE_MS;
  expect((await administrator.get('/v1/status')).body.keyStore).toEqual({
    ...{ epoch, rootKeySince: '2022-05-18T09:00:00.000Z', rootKeyAgeDays: 40 },
  });

  expect((await administrator.get('/metrics')).body).toMatch(/^gatehouse_root_key_age_seconds 3456000$/m);

  expect((await rotate()).status).toBe(200);
  const { position } = (await rotate()).body;
  await tick();
  // The other process has not looked yet.
  expect(await rootKey()).toMatchObject({ status: 'rotating', waitingFor: expect.any(Array), keyEpoch: epoch + 1 });
  now += MINUTE_MS - 1;
  expect(await masterKey()).not.toBe(former);
  const other = client(second.url, gatehouse.administratorToken);
  expect((await other.post('/v1/waitlist', { email: 'ada@example.org' })).body).toMatchObject({ accountId });
  for (const one of [gatehouse, second]) await one.beat();
  await tick();
  expect(await rootKey()).toMatchObject({ status: 'in-use', keeper: 'file', waitingFor: [] });
  expect((await administrator.get('/v1/status')).body.keyStore).toMatchObject({ rootKeyAgeDays: 0 });

  const events = (await wholeLog(runtime.store)).filter(({ stream }) => stream === 'rootkey');
  expect(events).toMatchObject([
    { type: 'RootKeyRotationRequested', position: Number(position), data: { reason: 'yearly' } },
    { type: 'RootKeyRotated', data: { keeper: 'file', keyEpoch: epoch + 1, processes: 2 } },
  ]);
  await second.close();
  const third = await gatehouse.beside();
  expect((await client(third.url, gatehouse.administratorToken).get('/v1/root-key')).body.keyEpoch).toBe(epoch + 1);
  await third.close();
});

it('does nothing unless somebody asked for it', async () => {
  const { epoch } = gatehouse.runtime.personKeys.store;
  await tick();
  expect(gatehouse.runtime.personKeys.store.epoch).toBe(epoch);
});

it('is refused for a key that is a setting, which no running process can follow, and to others', async () => {
  const fixed = await gatehouse.beside({ env: { GATEHOUSE_MASTER_KEY: (await masterKey()).trim() } });
  const ask = (token: string) => client(fixed.url, token).post('/v1/root-key/rotations', { reason: 'yearly' });
  expect(await ask(gatehouse.administratorToken)).toMatchObject({
    status: 409,
    body: { type: expect.stringMatching('root-key-fixed$') },
  });
  // It leaves what others have requested to a process that can replace the key, and does not keep that from it.
  await rotate();
  for (const schedule of erasureContext.schedules!(fixed.runtime)) await schedule.tick();
  expect(erasureContext.schedules!(fixed.runtime)).toHaveLength(
    erasureContext.schedules!(gatehouse.runtime).length - 1,
  );
  expect(await rootKey()).toMatchObject({ status: 'rotating' });
  await fixed.close();
  await tick();
  await gatehouse.beat();
  await tick();
  expect(await rootKey()).toMatchObject({ status: 'in-use' });
  const carol = await gatehouse.as('carol', 'compliance');
  expect((await carol.post('/v1/root-key/rotations', { reason: 'mine' })).status).toBe(403);
});

it('makes every decision again as it is stored', async () => {
  await expectDecidedAgain(gatehouse);
});
