import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { openTestKeys, type TestKeys } from '../../test/support/test-keys.js';
import { systemClock } from '../kernel/clock.js';
import { timeOrderedIds } from '../kernel/ids.js';
import { connectDatabase } from '../platform/database/database.js';
import { Quarantine, type RejectedEvent } from './quarantine.js';
import type { QuarantineLimits } from './quarantine-usage.js';
import { EncryptQuarantine1700000000130 } from './schema.js';
import { StoredQuarantineEntry } from './stored-quarantine-entry.js';

let database: TestDatabase;
let dataSource: DataSource;
let testKeys: TestKeys;

beforeAll(async () => {
  database = await createTestDatabase();
  testKeys = await openTestKeys();
  const options = { applicationName: 'gatehouse-spec', entities: [StoredQuarantineEntry] };
  ({ dataSource } = await connectDatabase(database.connection, options));
});
beforeEach(() => dataSource.query('TRUNCATE messaging.quarantine'));
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
  await testKeys.remove();
});

const openQuarantine = (limits?: QuarantineLimits) =>
  new Quarantine(dataSource, testKeys.keys, timeOrderedIds(systemClock), systemClock, limits);

const refused = (n: number): RejectedEvent => ({
  channel: 'http',
  actor: 'image-service',
  id: `a-${n}`,
  source: `/source-${n}`,
  type: 'ImageShared',
  reason: 'invalid-data',
  field: '/data/imageId',
  detail: 'is missing',
  raw: Buffer.from(`event ${n}`),
});

/** Entries of the version before their attributes were encrypted. */
async function keepFormer(...events: RejectedEvent[]): Promise<void> {
  await openQuarantine().put(events);
  const runner = dataSource.createQueryRunner();
  await new EncryptQuarantine1700000000130().down(runner);
  await new EncryptQuarantine1700000000130().up(runner);
  await runner.release();
}

it.each(['waiting', 'discarded'])(
  'an entry of an earlier version that is %s becomes one of this version when its event arrives again',
  async (status) => {
    await keepFormer(refused(1));
    const quarantine = openQuarantine();
    const [former] = await quarantine.list('waiting', 10);
    expect(former).toMatchObject({ eventId: null, source: null });
    if (status === 'discarded') await quarantine.discard(former!.id, 'ada');
    // The process knows which sources have entries before it arrives.
    await quarantine.resolve(() => [{ source: '/source-1', id: 'a-1' }], 'image-service');
    expect(await quarantine.put([refused(1)])).toEqual([former!.id]);
    expect(await quarantine.show(former!.id)).toMatchObject({ eventId: 'a-1', source: '/source-1', status: 'waiting' });
    await quarantine.resolve(() => [{ source: '/source-1', id: 'a-1' }], 'image-service');
    expect(await quarantine.show(former!.id)).toMatchObject({ status: 'resolved', settledBy: 'image-service' });
  },
);

it('entries of an earlier version take the room of all, but of no source', async () => {
  const events = Array.from({ length: 8 }, (_, n) => refused(n));
  await keepFormer(...events);
  expect(await openQuarantine({ sourceBytes: 5_000, totalBytes: 50_000 }).room()).toBe('free');
  expect(await openQuarantine({ sourceBytes: 5_000, totalBytes: 8_000 }).room()).toBe('full');
  const quarantine = openQuarantine({ sourceBytes: 1_050, totalBytes: 50_000 });
  await quarantine.put([refused(1)]);
  expect(await openQuarantine({ sourceBytes: 1_050, totalBytes: 50_000 }).room()).toBe('full-for-some');
});
