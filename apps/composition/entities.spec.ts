import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectDatabase, type Database } from '../../libs/platform/database/database.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { entities } from './entities.js';

describe('the entities', () => {
  let test: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase();
    database = await connectDatabase(test.connection, { applicationName: 'gatehouse-spec', entities });
  });
  afterAll(async () => {
    await database.dataSource.destroy();
    await test.drop();
  });

  const corrections = async () => {
    const { upQueries } = await database.dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  };

  it('describe the tables exactly as the migrations create them', async () => {
    expect(await corrections()).toEqual([]);
  });

  it.each([
    'ALTER TABLE platform.tokens DROP COLUMN created_by',
    'ALTER TABLE platform.former_keys ALTER COLUMN wrapped_key SET NOT NULL',
    'ALTER TABLE messaging.quarantine DROP CONSTRAINT quarantine_fingerprint',
    'DROP INDEX messaging.quarantine_waiting',
  ])('are compared with the real schema: %s', async (change) => {
    await database.pool.query(change);
    expect(await corrections()).not.toEqual([]);
  });

  it('share one limit of connections with plain SQL', async () => {
    const options = { applicationName: 'gatehouse-spec', entities, poolSize: 1 };
    const { dataSource, pool } = await connectDatabase(test.connection, options);
    const backend = 'SELECT pg_backend_pid() AS pid';
    const [{ pid }] = await dataSource.query(backend);
    expect((await pool.query(backend)).rows).toEqual([{ pid }]);
    await dataSource.destroy();
    expect(pool.ended).toBe(true);
  });
});
