import type { Pool } from '../../platform/database/database.js';

/** True if the database has a log. Changes nothing, unlike the migrations, which create one. */
export async function hasLog(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query(`SELECT to_regclass('log.head') IS NOT NULL AS found`);
  return rows[0].found;
}
