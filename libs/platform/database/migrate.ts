import { type DataSource, MigrationExecutor, type MigrationInterface } from 'typeorm';
import { StartFailure } from '../start-failure.js';

export type MigrationClass = new () => MigrationInterface;

export const MIGRATIONS_TABLE = 'gatehouse_migrations';
const MIGRATION_LOCK = 7_242_002;
const OLDEST_SERVER = 150_000;

/**
 * Brings the schema up to the code. Several processes may call it at once: one migrates, the others wait for it.
 * @returns the names of the migrations that ran here
 * @throws StartFailure `schema-newer` if the database has a migration that the code does not know; `postgres-too-old`
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SET statement_timeout = 0');
    const [{ version, server }] = await runner.query(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS server`,
    );
    if (version < OLDEST_SERVER) {
      throw new StartFailure(
        'postgres-too-old',
        `the database is PostgreSQL ${server}, but Gatehouse needs 15 or later: upgrade it, or set GATEHOUSE_DATABASE_URL to another`,
      );
    }
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      const executor = new MigrationExecutor(dataSource, runner);
      const known = new Set(dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name));
      const stranger = (await executor.getExecutedMigrations()).find((migration) => !known.has(migration.name));
      if (stranger) {
        throw new StartFailure(
          'schema-newer',
          `the database has migration ${stranger.name}, which this version does not know: start the version that created it, or a newer one`,
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
