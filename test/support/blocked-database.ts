import pg from 'pg';
import type { TestDatabase } from './test-database.js';

/** Ends every connection to the database and refuses new ones until the returned function is called. */
export async function blockDatabase({ superuser }: TestDatabase): Promise<() => Promise<void>> {
  const admin = new pg.Client({ ...superuser, database: 'postgres' });
  await admin.connect();
  const name = superuser.database!;
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  return async () => {
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await admin.end();
  };
}
