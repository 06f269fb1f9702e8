import { type DataSource, MigrationExecutor, type MigrationInterface, type QueryRunner } from 'typeorm';
import { StartFailure } from '../start-failure.js';

export type MigrationClass = new () => MigrationInterface;

/** A migration of tables that may belong to another user than the service's: it runs as that user. */
export interface OwnersMigration extends MigrationInterface {
  readonly ownersSchema: string;
}

/** The user who owns the schemas of such migrations, if it is another one. */
export interface Owner {
  runner: QueryRunner;
  /** After each of its migrations: gives the service's user what it needs of the schema. */
  migrated(): Promise<void>;
}

const isOfOwner = (migration: MigrationInterface): migration is OwnersMigration => 'ownersSchema' in migration;

export const MIGRATIONS_TABLE = 'gatehouse_migrations';
/** Held while the schema is changed. */
export const MIGRATION_LOCK = 7_242_002;
const OLDEST_SERVER = 150_000;

/**
 * Brings the schema up to the code. Several processes may call it at once: one migrates, the others wait for it.
 * @returns the names of the migrations that ran here
 * @throws StartFailure `schema-newer` if the database has a migration that the code does not know; `postgres-too-old`;
 * `owner-must-migrate` if one is pending that only another user may run
 */
export async function migrate(dataSource: DataSource, owner?: Owner): Promise<string[]> {
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
      await refuseOtherSchema(runner);
      const executor = new MigrationExecutor(dataSource, runner);
      const known = new Set(dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name));
      const stranger = (await executor.getExecutedMigrations()).find((migration) => !known.has(migration.name));
      if (stranger) {
        throw new StartFailure(
          'schema-newer',
          `the database has migration ${stranger.name}, which this version does not know: start the version that created it, or a newer one`,
        );
      }
      const pending = new Set((await executor.getPendingMigrations()).map(({ name }) => name));
      for (const migration of dataSource.migrations.filter(isOfOwner)) {
        if (!pending.has(migration.name ?? migration.constructor.name)) continue;
        if (owner) runAs(owner, migration);
        else await requireOwner(runner, migration);
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

/** The service's own session then only records that it ran: what the service's user owns could act with the rights of the owner. */
function runAs({ runner, migrated }: Owner, migration: OwnersMigration): void {
  const up = migration.up.bind(migration);
  migration.up = async () => {
    await runner.startTransaction();
    try {
      await up(runner);
      await migrated();
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction();
      throw error;
    }
  };
}

async function requireOwner(runner: QueryRunner, { name, ownersSchema }: OwnersMigration): Promise<void> {
  const [found] = await runner.query(
    `SELECT pg_get_userbyid(nspowner) AS owner, pg_has_role(nspowner, 'USAGE') AS is_ours FROM pg_namespace WHERE nspname = $1`,
    [ownersSchema],
  );
  if (!found || found.is_ours) return;
  throw new StartFailure(
    'owner-must-migrate',
    `the database lacks migration ${name}, which only ${found.owner} may run, who owns the log: run "gatehouse migrate" with GATEHOUSE_MIGRATION_DATABASE_URL`,
  );
}

/** Every session has the same search_path; a database whose tables were created with another one looks empty. */
async function refuseOtherSchema(runner: QueryRunner): Promise<void> {
  const tables: { schema: string; visible: boolean }[] = await runner.query(
    `SELECT nspname AS schema, pg_table_is_visible(c.oid) AS visible
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = $1`,
    [MIGRATIONS_TABLE],
  );
  const [elsewhere] = tables;
  if (!elsewhere || tables.some(({ visible }) => visible)) return;
  throw new StartFailure(
    'schema-elsewhere',
    `the table ${MIGRATIONS_TABLE} is in the schema ${elsewhere.schema}, since it was created with another search_path: run "ALTER TABLE ${elsewhere.schema}.${MIGRATIONS_TABLE} SET SCHEMA public"`,
  );
}
