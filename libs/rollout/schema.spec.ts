import { expect, it } from '@jest/globals';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { createTestDatabase } from '../../test/support/test-database.js';
import { CloseEarlierCohorts1700000000060 } from './schema.js';

it('makes onboarding process the admissions of an earlier log again, and resets no other consumer', async () => {
  const database = await createTestDatabase();
  const pool = new pg.Pool(database.connection);
  for (const consumer of ['reactor:onboarding', 'reactor:enforcing']) {
    await pool.query('INSERT INTO projections.checkpoints (follower, lane, position, epoch) VALUES ($1, 0, 7, 1)', [
      consumer,
    ]);
  }
  await new CloseEarlierCohorts1700000000060().up({ query: (text: string) => pool.query(text) } as QueryRunner);
  const { rows } = await pool.query(`SELECT follower FROM projections.checkpoints WHERE follower LIKE 'reactor:%'`);
  expect(rows).toEqual([{ follower: 'reactor:enforcing' }]);
  await pool.end();
  await database.drop();
});
