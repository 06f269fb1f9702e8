import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { adoptConfiguredLog } from '../../apps/composition/adopt-configured-log.js';
import { migrateConfigured } from '../../apps/composition/migrate-configured.js';
import { openNamedLog, renewLogEpoch } from '../../apps/composition/named-log.js';
import { exportLog } from '../../libs/log-transfer/export-log.js';
import { importLog } from '../../libs/log-transfer/import-log.js';
import { caughtUp } from '../support/caught-up.js';
import { cloudEvent, startGatehouse, type TestGatehouse } from '../support/gatehouse.js';
import { createTestDatabase, type TestDatabase, urlOf } from '../support/test-database.js';
import { until } from '../support/until.js';
import { viewsJob } from '../support/views-job.js';

const KEY = Buffer.alloc(32, 1).toString('base64');
const KEYS = { GATEHOUSE_MASTER_KEY: KEY, GATEHOUSE_IDENTITY_KEY: KEY, GATEHOUSE_PROOF_KEY: KEY };

let database: TestDatabase;
let gatehouse: TestGatehouse;
let env: Record<string, string>;
let folder: string;

/** Its processes have a user who does not own the log. */
async function separated(): Promise<TestDatabase> {
  const created = await createTestDatabase();
  await migrateConfigured({
    GATEHOUSE_DATABASE_URL: urlOf(created.connection),
    GATEHOUSE_MIGRATION_DATABASE_URL: urlOf(created.superuser),
  });
  return created;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-owner-'));
  database = await separated();
  const keys = { ...KEYS, GATEHOUSE_KEY_DIRECTORY: join(folder, 'keys') };
  env = { GATEHOUSE_DATABASE_URL: urlOf(database.connection), ...keys };
  gatehouse = await startGatehouse({ database, env, background: true });
});
afterAll(async () => {
  await gatehouse.close();
  await rm(folder, { recursive: true });
});

const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

it('takes events and commands, updates views, reacts, signs and verifies', async () => {
  const { administrator } = gatehouse;
  const service = await gatehouse.as('image-service', 'service');
  const image = (n: number) =>
    cloudEvent('ImageGenerated', { imageId: `img-${n}`, accountId: `acc-${n}`, model: 'm-1', prompt: 'a cat' });
  const images = Array.from({ length: 50 }, (_, n) => image(n));
  const flag = { imageId: 'img-7', flaggedBy: 'acc-1', flaggerKind: 'user', categories: ['violent'] };
  const sent = await service.post('/v1/events', [...images, cloudEvent('ContentFlagged', flag)], BATCH);
  expect(sent.status).toBe(202);
  const nobody = await gatehouse.as('nobody');
  expect((await nobody.post('/v1/waitlist', { email: 'anna@example.org' })).status).toBe(202);
  await caughtUp(administrator);
  await until(async () => (await administrator.get('/v1/cases')).body.items?.length === 1);
  await until(async () => (await nobody.get('/log/checkpoint')).status === 200);
  let { body: verification } = await administrator.post('/v1/log-verifications', { full: true });
  await until(async () => {
    verification = (await administrator.get(`/v1/log-verifications/${verification.id}`)).body;
    return verification.status !== 'running';
  });
  expect(verification).toMatchObject({ status: 'intact' });
});

it('rebuilds and verifies its views', async () => {
  for (const kind of ['rebuild', 'verify'] as const)
    expect(await viewsJob(gatehouse.administrator, kind)).toMatchObject({ status: 'done' });
});

it('says that the log is protected against it', async () => {
  const { body } = await gatehouse.administrator.get('/v1/status');
  expect(body.logProtection).toEqual({
    protected: true,
    detail: 'the database refuses this process to change or delete them',
  });
});

it('starts a second process beside the first', async () => {
  const second = await gatehouse.beside();
  await until(async () => (await fetch(`${second.url}/health/ready`)).status === 200);
  await second.close();
});

it('exports and imports the log, renews its epoch and adopts it without the owner', async () => {
  const file = join(folder, 'log.gz');
  const source = await openNamedLog(undefined, 'read', env);
  const exported = await exportLog(source.store, file);
  await source.close();
  const other = await separated();
  const target = await openNamedLog(urlOf(other.connection), 'write', {});
  expect(await importLog(file, target.store)).toEqual(exported);
  await target.close();
  const there = { ...env, GATEHOUSE_DATABASE_URL: urlOf(other.connection), GATEHOUSE_LOG_LEVEL: 'fatal' };
  expect(await renewLogEpoch(there)).toMatch(/^[0-9a-f]{12}$/);
  expect(await adoptConfiguredLog(there, {})).toMatchObject({ adopted: false });
  await other.drop();
});
