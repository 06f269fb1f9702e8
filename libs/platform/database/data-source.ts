import type pg from 'pg';
import { DataSource, MigrationExecutor, type MigrationInterface } from 'typeorm';
import { StartFailure } from './start-failure.js';

export type MigrationClass = new () => MigrationInterface;

export interface DataSourceOptions {
  /** Shown in pg_stat_activity, `gatehouse-…`. */
  applicationName: string;
  migrations?: readonly MigrationClass[];
  /** Connections at the most; 8 by default. */
  poolSize?: number;
  /** Longest run of one statement; 30 s by default. Migrations have no limit. */
  statementTimeoutMs?: number;
}

const MIGRATIONS_TABLE = 'gatehouse_migrations';
const MIGRATION_LOCK = 7_242_002;
const OLDEST_SERVER = 150_000;

/** A TypeORM DataSource on any PostgreSQL, not yet initialised. It has no entities: views and tables are plain SQL. */
export function createDataSource(connection: pg.PoolConfig, options: DataSourceOptions): DataSource {
  const { applicationName, migrations = [], poolSize = 8, statementTimeoutMs = 30_000 } = options;
  return new DataSource({
    type: 'postgres',
    applicationName,
    poolSize,
    migrations: [...migrations],
    migrationsTableName: MIGRATIONS_TABLE,
    connectTimeoutMS: 5_000,
    installExtensions: false,
    poolErrorHandler: () => {}, // an idle connection broke; the next query opens another
    extra: {
      ...connection,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + 1_000,
      keepAlive: true,
      // Statements that are given together travel together: the server goes from one to the next without waiting for us.
      pipeline: true,
    },
  });
}

/**
 * Brings the schema up to the code. Several processes may call it at once: one migrates, the others wait for it.
 * @returns the names of the migrations that ran here
 * @throws StartFailure `schema-newer` when the database knows a migration that the code does not; `postgres-too-old`
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SET statement_timeout = 0');
    const [{ version, server }] = await runner.query(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS server`,
    );
    if (version < OLDEST_SERVER) {
      throw new StartFailure('postgres-too-old', `the database is PostgreSQL ${server}; Gatehouse needs 15 or later`);
    }
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      const executor = new MigrationExecutor(dataSource, runner);
      const known = new Set(dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name));
      const stranger = (await executor.getExecutedMigrations()).find((migration) => !known.has(migration.name));
      if (stranger) {
        throw new StartFailure(
          'schema-newer',
          `the database has migration ${stranger.name}, which this version does not know: start the version that made it, or a newer one`,
        );
      }
      executor.transaction = 'each';
      return (await executor.executePendingMigrations()).map((migration) => migration.name);
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    await runner.query('RESET statement_timeout').catch(() => {});
    await runner.release();
  }
}
