import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { catalogue } from '../../apps/composition/catalogue.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { type Connection, connectDatabase } from '../../libs/platform/database/database.js';
import { migrate } from '../../libs/platform/database/migrate.js';
import { setUpBackend } from '../../libs/platform/embedded-postgres/backend-role.js';
import { openDirectory, startServer } from '../../libs/platform/embedded-postgres/postgres-server.js';
import { Rebuilder } from '../../libs/projections/rebuilder.js';
import { LockSession } from '../../libs/subscriptions/lock-session.js';
import { oncePerRun } from './once-per-run.js';

export interface TestDatabase {
  connection: Connection;
  /** To do what the backend may not do. */
  superuser: Connection;
  /** Optional: the whole server is removed after the run. @throws if connections to it stay open */
  drop(): Promise<void>;
}

interface TestServer {
  superuser: Connection;
  /** Of the role that the embedded server gives to the backend, which is no superuser. */
  backend: Connection;
}

const TEMPLATE = 'gatehouse_template';
/** The same with the application's views. */
const TEMPLATE_WITH_VIEWS = 'gatehouse_template_with_views';
/** SQLSTATE object_in_use. */
const IN_USE = '55006';
/** A busy machine may take longer to close a connection. */
const DROP_ATTEMPTS = 3;

/** A new, migrated database on the one PostgreSQL of this Jest run, which the first caller starts. */
export const createTestDatabase = (): Promise<TestDatabase> => createDatabase(copyOf(TEMPLATE));

/** The same with all views of the application, as they are built for an empty log: to build them takes most of a start. */
export async function createDatabaseWithViews(): Promise<TestDatabase> {
  await templateWithViews();
  return createDatabase(copyOf(TEMPLATE_WITH_VIEWS));
}

const copyOf = (template: string) => ` TEMPLATE ${template} STRATEGY ${strategy()}`;

/** Copying files is six times faster in memory, but on a disk slower than copying through the log. */
const strategy = () => (process.env.GATEHOUSE_TEST_SERVER?.startsWith('/dev/shm/') ? 'FILE_COPY' : 'WAL_LOG');

/** A new database without any schema, for specs of migrations. */
export const createEmptyDatabase = (): Promise<TestDatabase> => createDatabase('');

/** A copy, as a restored backup of it; nobody may be connected to the original. */
export const copyDatabase = ({ connection }: TestDatabase): Promise<TestDatabase> =>
  createDatabase(` TEMPLATE ${connection.database}`);

async function createDatabase(template: string): Promise<TestDatabase> {
  const server = await testServer();
  const database = `test_${randomBytes(8).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${database} OWNER ${server.backend.user}${template}`);
  return {
    connection: { ...server.backend, database },
    superuser: { ...server.superuser, database },
    drop: () => dropDatabase(server, database),
  };
}

/**
 * The server waits five seconds for connections that are closing.
 * @throws if one stays open, which the code that opened it should have closed
 */
async function dropDatabase(server: TestServer, database: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await administer(server, `DROP DATABASE IF EXISTS ${database}`);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== IN_USE) throw error;
      if (attempt < DROP_ATTEMPTS) continue;
      const left = await administer(
        server,
        `SELECT application_name, state, query FROM pg_stat_activity WHERE datname = '${database}'`,
      );
      await administer(server, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      throw new Error(`a spec leaves connections to its database open: ${JSON.stringify(left)}`);
    }
  }
}

/** Trades every safety for speed, since no data outlives the run. */
const testServer = (): Promise<TestServer> =>
  oncePerRun('postgres', async (directory) => {
    const settings = {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      shared_buffers: '128MB',
      max_connections: '300',
    };
    const { superuser } = await startServer({ directory, settings }, await openDirectory(directory));
    await administer({ superuser }, `DROP DATABASE IF EXISTS ${TEMPLATE}`);
    const backend = await setUpBackend(superuser, TEMPLATE);
    const options = { applicationName: 'gatehouse-test', migrations: catalogue.migrations };
    const { dataSource } = await connectDatabase(backend, options);
    await migrate(dataSource);
    await dataSource.destroy();
    return { superuser, backend };
  });

/** Nobody may be connected to it while it is copied. */
const templateWithViews = (): Promise<boolean> =>
  oncePerRun('views', async () => {
    const server = await testServer();
    await administer(server, `DROP DATABASE IF EXISTS ${TEMPLATE_WITH_VIEWS}`);
    await administer(server, `CREATE DATABASE ${TEMPLATE_WITH_VIEWS} OWNER ${server.backend.user}${copyOf(TEMPLATE)}`);
    const connection = { ...server.backend, database: TEMPLATE_WITH_VIEWS };
    const [pool, store, locks] = [
      new pg.Pool(connection),
      new PostgresEventStore(connection),
      new LockSession(connection),
    ];
    await new Rebuilder(pool, store, locks).rebuild(catalogue.views);
    await Promise.all([pool.end(), store.close(), locks.close()]);
    return true;
  });

async function administer({ superuser }: Pick<TestServer, 'superuser'>, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ ...superuser, database: 'postgres' });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** The setting that names the database. */
export const urlOf = ({ user, password, host, port, database }: Connection): string =>
  `postgres://${user}:${password}@${encodeURIComponent(host!)}:${port}/${database}`;
