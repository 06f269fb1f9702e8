import { expect, it } from '@jest/globals';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { createTestDatabase } from '../../test/support/test-database.js';
import { CloseEarlierCohorts1700000000060, DropFormerConsumers1700000000281 } from './schema.js';

it.each([
  [CloseEarlierCohorts1700000000060, ['reactor:enforcing', 'reactor:inviting']],
  [DropFormerConsumers1700000000281, ['reactor:enforcing']],
])('%p forgets how far consumers of admissions were, and no other consumer', async (Migration, left) => {
  const database = await createTestDatabase();
  const pool = new pg.Pool(database.connection);
  for (const consumer of ['reactor:onboarding', 'reactor:inviting', 'reactor:enforcing']) {
    await pool.query('INSERT INTO projections.checkpoints (follower, lane, position, epoch) VALUES ($1, 0, 7, 1)', [
      consumer,
    ]);
  }
  await new Migration().up({ query: (text: string) => pool.query(text) } as QueryRunner);
  const { rows } = await pool.query<{ name: string }>(
    `SELECT follower AS name FROM projections.checkpoints WHERE follower LIKE 'reactor:%' ORDER BY 1`,
  );
  expect(rows.map(({ name }) => name)).toEqual(left);
  await pool.end();
  await database.drop();
});
