import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';

/**
 * emmett's store in its own database with its default options; its schema is created beforehand. The pool is made here as
 * emmett makes it, since its own has no listener for errors: a connection that dies with its database would end the process.
 */
export async function openEmmett({ host, port, user, password, database }) {
  const url = `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${database}`;
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => {});
  const store = getPostgreSQLEventStore(url, { schema: { autoMigration: 'None' }, connectionOptions: { pool } });
  await store.schema.migrate();
  return Object.assign(Object.create(store), {
    async close() {
      await store.close();
      await pool.end();
    },
  });
}

export const EMMETT_EVENTS = 'emt_messages';
