import pg from 'pg';
import { DataSource } from 'typeorm';
import { StartFailure } from '../start-failure.js';
import { MIGRATIONS_TABLE, type MigrationClass, migrate } from './migrate.js';

export { DataSource };

/** Connections for plain SQL; what views and adapters are given. */
export type Pool = pg.Pool;

/** Where a PostgreSQL is and who we are there, as node-postgres takes it. */
export type Connection = pg.PoolConfig;

/** A class with TypeORM's decorators. */
export type EntityClass = new () => object;

export interface DatabaseOptions {
  /** Shown in pg_stat_activity, `gatehouse-…`. */
  applicationName: string;
  migrations?: readonly MigrationClass[];
  entities?: readonly EntityClass[];
  /** Connections at the most; 8 by default. */
  poolSize?: number;
  /** Longest run of one statement; 30 s by default. Migrations have no limit. */
  statementTimeoutMs?: number;
}

export interface Database {
  /** For entities and migrations. Its destroy() ends the pool too. */
  dataSource: DataSource;
  /** The connections that the data source uses too, so that both together keep to poolSize. */
  pool: Pool;
}

const POOL_SIZE = 12;
const CONNECT_TIMEOUT_MS = 5_000;

/** Connects to any PostgreSQL; changes nothing there. */
export async function connectDatabase(connection: Connection, options: DatabaseOptions): Promise<Database> {
  const { applicationName, migrations = [], entities = [], poolSize = 8, statementTimeoutMs = 30_000 } = options;
  const pool = new pg.Pool({
    application_name: applicationName,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...connection,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    // Statements that are given together travel together: the server goes from one to the next without waiting for us.
    pipeline: true,
  });
  /** TypeORM calls it with `new`, and gets this pool instead of one of its own. */
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

export interface Tables {
  migrations: readonly MigrationClass[];
  entities: readonly EntityClass[];
}

/** Connects and brings the schema up to the code. @throws StartFailure */
export async function openDatabase(connection: Connection, tables: Tables): Promise<Database> {
  const options = { applicationName: 'gatehouse', ...tables, poolSize: POOL_SIZE };
  const database = await connectDatabase(connection, options).catch((cause) => {
    const { message, code } = cause as { message?: string; code?: string };
    throw new StartFailure(
      'database-unusable',
      `the database can't be used (${(message || code || 'no answer').split('\n')[0]}): start it, or correct GATEHOUSE_DATABASE_URL`,
      { cause },
    );
  });
  try {
    await migrate(database.dataSource);
  } catch (error) {
    await database.dataSource.destroy();
    throw error;
  }
  return database;
}
