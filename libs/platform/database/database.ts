import { DataSource } from 'typeorm';
import { explainConnect, explainDatabase } from './connect-failure.js';
import { type Connection, openPool, type Pool } from './connection.js';
import { MIGRATIONS_TABLE, type MigrationClass, migrate, type Owner } from './migrate.js';
import { refuseSharedSessions } from './session-pooling.js';

export { type Connection, DataSource, type Pool };

/** A class with TypeORM's decorators. */
export type EntityClass = new () => object;

export interface DatabaseOptions {
  /** Shown in pg_stat_activity, `gatehouse-…`. */
  applicationName: string;
  migrations?: readonly MigrationClass[];
  entities?: readonly EntityClass[];
  /** Maximum connections; 12 by default. */
  poolSize?: number;
  /** Maximum duration of a statement; 30 s by default. Migrations have no limit. */
  statementTimeoutMs?: number;
}

export interface Database {
  /** For entities and migrations. Its destroy() ends the pool too. */
  dataSource: DataSource;
  /** Shared with the data source, so that poolSize limits both together. */
  pool: Pool;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** Connects to any PostgreSQL server without changing anything there. */
export async function connectDatabase(connection: Connection, options: DatabaseOptions): Promise<Database> {
  const { applicationName, migrations = [], entities = [], poolSize = 12, statementTimeoutMs = 30_000 } = options;
  const pool = openPool(connection, {
    application_name: applicationName,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    // Sends statements without waiting for the results of earlier ones.
    pipeline: true,
  });
  /** TypeORM calls it with `new` and gets this pool instead of creating its own. */
  function SharedPool(): Pool {
    return pool;
  }
  const dataSource = new DataSource({
    type: 'postgres',
    driver: { Pool: SharedPool },
    entities: [...entities],
    migrations: [...migrations],
    migrationsTableName: MIGRATIONS_TABLE,
    installExtensions: false,
    poolErrorHandler: () => {}, // an idle connection broke; the next query opens another
  });
  await dataSource.initialize();
  return { dataSource, pool };
}

/**
 * Connects and brings the schema up to the code.
 * @param accept rejects to refuse a database before anything is changed there
 * @param owner runs the migrations of what the user of the connection does not own
 * @returns also the names of the migrations that ran
 * @throws StartFailure; whatever `accept` throws
 */
export async function openDatabase(
  connection: Connection,
  tables: Pick<DatabaseOptions, 'migrations' | 'entities'>,
  accept?: (pool: Pool) => Promise<void>,
  owner?: Owner,
): Promise<Database & { ran: string[] }> {
  const options = { applicationName: 'gatehouse', ...tables };
  const database = await connectDatabase(connection, options).catch((cause) => {
    throw explainConnect(cause);
  });
  try {
    await refuseSharedSessions(database.pool);
    await accept?.(database.pool);
    return { ...database, ran: await migrate(database.dataSource, owner) };
  } catch (error) {
    await database.dataSource.destroy();
    throw explainDatabase(error) ?? error;
  }
}
