import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { connectDatabase } from './database.js';
import { type MigrationClass, migrate } from './migrate.js';

class CreateThings1700000000100 implements MigrationInterface {
  name = 'CreateThings1700000000100';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE things (id int)');
    await runner.query('SELECT pg_sleep(0.2)');
  }
  async down(): Promise<void> {}
}

async function opened(database: TestDatabase, migrations: readonly MigrationClass[]) {
  const options = { applicationName: 'gatehouse-spec', migrations, poolSize: 3, statementTimeoutMs: 100 };
  return (await connectDatabase(database.connection, options)).dataSource;
}

describe('migrate', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  it('migrates once when several processes start together, whatever the statement timeout', async () => {
    const sources = await Promise.all([1, 2, 3].map(() => opened(database, [CreateThings1700000000100])));
    const ran = await Promise.all(sources.map((source) => migrate(source)));
    expect(ran.flat()).toEqual(['CreateThings1700000000100']);
    await Promise.all(sources.map((source) => source.destroy()));
  });

  it('refuses a schema that is newer than the code', async () => {
    const source = await opened(database, []);
    await expect(migrate(source)).rejects.toMatchObject({
      code: 'schema-newer',
      message: expect.stringContaining('CreateThings1700000000100'),
    });
    await source.destroy();
  });

  it('gives each test its own migrated database', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    const source = await opened(one, []);
    expect(await source.query('SELECT position FROM log.head')).toEqual([{ position: '0' }]);
    await source.destroy();
    expect(one.connection.database).not.toBe(two.connection.database);
    await Promise.all([one.drop(), two.drop()]);
  });
});
