import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { connectDatabase, type Database } from '../database/database.js';
import { livingProcesses, processesWithKeys } from './living-processes.js';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = await connectDatabase(test.connection, { applicationName: 'gatehouse-spec' });
});
afterAll(async () => {
  await database.dataSource.destroy();
  await test.drop();
});

it('counts a process that was silent for a while as one that may still have keys', async () => {
  const { pool } = database;
  for (const [host, seconds] of [
    ['alive', 0],
    ['silent', 20],
    ['ended', 600],
  ])
    await pool.query(
      `INSERT INTO platform.processes (id, roles, host, pid, version, seen_at)
       VALUES (gen_random_uuid(), '{gateway}', $1, 7, '0', clock_timestamp() + interval '5 seconds' - $2 * interval '1 second')`,
      [host, seconds],
    );
  const hosts = async (found: Promise<{ host: string }[]>) => (await found).map(({ host }) => host).sort();
  expect(await hosts(processesWithKeys(pool))).toEqual(['alive', 'silent']);
  expect(await hosts(livingProcesses(pool, 10_000))).toEqual(['alive']);
});
