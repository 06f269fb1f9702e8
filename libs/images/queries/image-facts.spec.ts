import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { Projector } from '../../projections/projector.js';
import { Rebuilder } from '../../projections/rebuilder.js';
import { ViewReader } from '../../projections/view-reader.js';
import { LockSession } from '../../subscriptions/lock-session.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { imagesView } from '../views/images.js';
import { imagesAsOf } from './image-facts.js';

describe('looking images up', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let pool: pg.Pool;
  let locks: LockSession;
  let projector: Projector;
  let images: ReturnType<typeof imagesAsOf>;

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore(database.connection);
    pool = new pg.Pool(database.connection);
    locks = new LockSession(database.connection);
    const reader = new ViewReader(pool);
    const rebuilder = new Rebuilder(pool, store, locks);
    projector = new Projector(pool, new LogTail(store), [imagesView], locks, rebuilder, { page: reader.moved });
    await projector.processAll();
    images = imagesAsOf(pool, reader);
  });
  afterAll(async () => {
    await locks?.close();
    await pool?.end();
    await store?.close();
    await database?.drop();
  });

  async function generate(imageId: string, accountId: string): Promise<number> {
    const events = [newEvent('ImageGenerated', { imageId, accountId })];
    await store.append([{ stream: `facts-${imageId}`, expected: 'any', events }]);
    await projector.processAll();
    return store.head();
  }
  const inAnHour = () => performance.now() + 3_600_000;

  it('waits for the first event of an image that is awaited, and for nothing once it is known', async () => {
    const awaited = images('img-1', 0, inAnHour(), true);
    await generate('img-other', 'bob');
    await generate('img-1', 'ann');
    expect(await awaited).toMatchObject({ facts: { accountId: 'ann' }, isParked: false });
    expect(await images('img-1', 0, inAnHour(), true)).toMatchObject({ facts: { accountId: 'ann' } });
  });

  it('says that an image is unknown once the time is over, or at once if it is not awaited', async () => {
    const asOf = await generate('img-2', 'ann');
    expect(await images('img-3', asOf, inAnHour())).toEqual({ facts: undefined, asOf, isParked: false });
    expect(await images('img-3', asOf, performance.now() - 1, true)).toMatchObject({ facts: undefined });
    expect(await images('img-3', asOf, performance.now() + 60, true)).toMatchObject({ facts: undefined });
  });
});
