import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { inTransaction } from './in-transaction.js';

describe('a transaction', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool(database.connection);
    await pool.query('CREATE TABLE marks (name text)');
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('rolls back and rejects if its connection breaks between two statements, and the pool stays usable', async () => {
    const broken = inTransaction(pool, async (client) => {
      const { rows } = await client.query(`INSERT INTO marks VALUES ('lost') RETURNING pg_backend_pid() AS pid`);
      const ended = once(client as unknown as pg.Client, 'end');
      await pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
      await ended;
    });
    await expect(broken).rejects.toThrow();
    await inTransaction(pool, (client) => client.query(`INSERT INTO marks VALUES ('kept')`));
    expect((await pool.query('SELECT name FROM marks')).rows).toEqual([{ name: 'kept' }]);
  });
});
