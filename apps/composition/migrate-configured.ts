import { grantLog } from '../../libs/event-store/postgres/log-owner.js';
import { powerOverLog } from '../../libs/event-store/postgres/log-protection.js';
import { LOG_SCHEMA } from '../../libs/event-store/postgres/schema.js';
import { InvalidInput } from '../../libs/kernel/errors.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { explainConnect, explainDatabase } from '../../libs/platform/database/connect-failure.js';
import { openClient } from '../../libs/platform/database/connection.js';
import { connectDatabase, type Database, openDatabase, type Pool } from '../../libs/platform/database/database.js';
import { inTransaction } from '../../libs/platform/database/in-transaction.js';
import { MIGRATION_LOCK, type Owner } from '../../libs/platform/database/migrate.js';
import { type ServiceUser, separateServiceUser } from '../../libs/platform/database/service-user.js';
import { StartFailure } from '../../libs/platform/start-failure.js';
import { catalogue } from './catalogue.js';

export interface MigratedDatabase {
  /** The names of the migrations that ran. */
  migrations: string[];
  /** Of the processes. */
  user: string;
  /** Of the log. */
  owner: string;
  /** Why the processes could change events in the database; absent if they can't. */
  power?: string;
}

/** What is unqualified in a statement of the owner must not be found where the service's user may create something. */
const OWN_PATH = 'SET search_path TO pg_catalog, pg_temp';
const LOCK_TIMEOUT = "SET LOCAL lock_timeout TO '10s'";
const INSUFFICIENT_PRIVILEGE = '42501';
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Brings the database of the settings up to the code. With GATEHOUSE_MIGRATION_DATABASE_URL it also separates the two users: the log
 * belongs to that one, everything else to the processes' own.
 * @throws StartFailure; InvalidInput without a database of one's own
 */
export async function migrateConfigured(env: Record<string, string | undefined>): Promise<MigratedDatabase> {
  const { databaseUrl, migrationDatabaseUrl } = readSettings(env);
  if (!databaseUrl) {
    const message = 'is not set: the embedded database is migrated at every start, so there is nothing to do';
    throw new InvalidInput([{ field: 'GATEHOUSE_DATABASE_URL', message }]);
  }
  const service = userOf(databaseUrl);
  if (!migrationDatabaseUrl) return migrated(databaseUrl, service);
  const owner = await connectOwner(migrationDatabaseUrl);
  try {
    await separate(owner.pool, service);
    const runner = owner.dataSource.createQueryRunner();
    try {
      // Of the same session, and so in the transaction of a migration.
      const client = await runner.connect();
      await client.query(OWN_PATH);
      const grant = () => grantLog(client, service.user);
      return await migrated(databaseUrl, service, { runner, migrated: grant }, (pool) => requireSame(owner.pool, pool));
    } finally {
      await runner.release();
    }
  } finally {
    await owner.dataSource.destroy();
  }
}

const connectOwner = (url: string): Promise<Database> =>
  connectDatabase({ connectionString: url }, { applicationName: 'gatehouse-migrate', poolSize: 2 }).catch((cause) => {
    const { code, message } = explainConnect(cause);
    throw new StartFailure(code, message.replaceAll('GATEHOUSE_DATABASE_URL', 'GATEHOUSE_MIGRATION_DATABASE_URL'));
  });

function userOf(url: string): ServiceUser {
  const { user, password } = openClient({ connectionString: url }, {});
  if (user) return { user, password: typeof password === 'string' ? password : undefined };
  throw new InvalidInput([{ field: 'GATEHOUSE_DATABASE_URL', message: 'names no user: add the one of the processes' }]);
}

async function separate(pool: Pool, service: ServiceUser): Promise<void> {
  try {
    await inTransaction(pool, async (client) => {
      await client.query(OWN_PATH);
      await client.query(LOCK_TIMEOUT);
      await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
      await separateServiceUser(client, service, LOG_SCHEMA);
      await grantLog(client, service.user);
    });
  } catch (error) {
    throw explainSeparation(error, service.user) ?? explainDatabase(error) ?? error;
  }
}

function explainSeparation(error: unknown, user: string): StartFailure | undefined {
  const { code, message } = error as { code?: string; message: string };
  if (code === INSUFFICIENT_PRIVILEGE) {
    return new StartFailure(
      'owner-lacks-rights',
      `the user of GATEHOUSE_MIGRATION_DATABASE_URL may not take the log from ${user} (${message}): name a superuser, or a user who owns the database and is a member of ${user}`,
      { cause: error },
    );
  }
  if (code !== LOCK_NOT_AVAILABLE) return undefined;
  return new StartFailure(
    'database-busy',
    `the tables are in use (${message}): nothing was changed; run the command again, or stop every process first`,
    { cause: error },
  );
}

/** @throws StartFailure `other-database` */
async function requireSame(owners: Pool, services: Pool): Promise<void> {
  const placeOf = async (pool: Pool): Promise<string> => {
    const { rows } = await pool.query(
      `SELECT current_database() || ' of ' || system_identifier AS place FROM pg_control_system()`,
    );
    return rows[0].place;
  };
  const [one, other] = [await placeOf(owners), await placeOf(services)];
  if (one === other) return;
  throw new StartFailure(
    'other-database',
    `GATEHOUSE_MIGRATION_DATABASE_URL names the database ${one}, and GATEHOUSE_DATABASE_URL the database ${other}: name the same one`,
  );
}

async function migrated(
  url: string,
  { user }: ServiceUser,
  owner?: Owner,
  accept?: (pool: Pool) => Promise<void>,
): Promise<MigratedDatabase> {
  const tables = { migrations: catalogue.migrations, entities: [] };
  const { dataSource, pool, ran } = await openDatabase({ connectionString: url }, tables, accept, owner);
  try {
    const { rows } = await pool.query(
      'SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1',
      [LOG_SCHEMA],
    );
    const power = await powerOverLog(pool);
    return { migrations: ran, user, owner: rows[0].owner, ...(power !== undefined && { power }) };
  } finally {
    await dataSource.destroy();
  }
}
