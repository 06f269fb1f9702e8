import { expect, it } from '@jest/globals';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { createTestDatabase } from '../../test/support/test-database.js';
import { DropUnreadViews1700000000070 } from './schema.js';

it('drops removed views with everything of theirs, and no other view', async () => {
  const database = await createTestDatabase();
  const pool = new pg.Pool(database.connection);
  for (const schema of ['view_enforcements_v1', 'view_rollout_state_v1_b2', 'view_rollout_stages_v1']) {
    await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.rows (key text)`);
  }
  for (const view of ['enforcements', 'rollout-state', 'cases']) {
    await pool.query('INSERT INTO projections.builds (view, version, build, live) VALUES ($1, 1, 1, true)', [view]);
    const consumer = `view:${view}:v1:b1`;
    await pool.query('INSERT INTO projections.checkpoints (follower, lane, position) VALUES ($1, 0, 0)', [consumer]);
  }
  await new DropUnreadViews1700000000070().up(pool as unknown as QueryRunner);
  const { rows: schemas } = await pool.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'view%'");
  expect(schemas).toEqual([{ nspname: 'view_rollout_stages_v1' }]);
  expect((await pool.query('SELECT view FROM projections.builds')).rows).toEqual([{ view: 'cases' }]);
  const { rows: left } = await pool.query('SELECT follower FROM projections.checkpoints');
  expect(left).toEqual([{ follower: 'view:cases:v1:b1' }]);
  await pool.end();
  await database.drop();
});
