import pg from 'pg';
import type { Connection } from '../../platform/database/database.js';

/** True if the database has a log. Changes nothing, unlike the migrations, which create one. */
export async function hasLog(connection: Connection): Promise<boolean> {
  const client = new pg.Client(connection);
  try {
    await client.connect();
    const { rows } = await client.query(`SELECT to_regclass('log.head') IS NOT NULL AS found`);
    return rows[0].found;
  } finally {
    await client.end();
  }
}
