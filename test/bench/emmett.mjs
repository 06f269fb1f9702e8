import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';

/** emmett's store in its own database with its default options; its schema is created beforehand. */
export async function openEmmett({ host, port, user, password, database }) {
  const url = `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${database}`;
  const store = getPostgreSQLEventStore(url, { schema: { autoMigration: 'None' } });
  await store.schema.migrate();
  return store;
}

export const EMMETT_EVENTS = 'emt_messages';
