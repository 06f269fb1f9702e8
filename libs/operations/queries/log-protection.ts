import { powerOverLog } from '../../event-store/postgres/log-protection.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';

export interface LogProtection {
  protected: boolean;
  detail: string;
}

/** Whether this process could change or delete stored events, whatever its code does. */
export async function logProtection(
  pool: Pick<Pool, 'query'>,
  settings: Pick<Settings, 'databaseUrl' | 'migrationDatabaseUrl' | 'eventstoreUrl'>,
): Promise<LogProtection> {
  const power = await powerOf(pool, settings);
  return power === undefined
    ? { protected: true, detail: 'the database refuses this process to change or delete them' }
    : { protected: false, detail: `not protected against the service itself; detected by proof, since ${power}` };
}

async function powerOf(
  pool: Pick<Pool, 'query'>,
  {
    databaseUrl,
    migrationDatabaseUrl,
    eventstoreUrl,
  }: Pick<Settings, 'databaseUrl' | 'migrationDatabaseUrl' | 'eventstoreUrl'>,
): Promise<string | undefined> {
  if (eventstoreUrl) return 'the access rules of the event store decide what it may do';
  if (!databaseUrl) return 'the database is embedded in this process';
  if (migrationDatabaseUrl) return 'this process has GATEHOUSE_MIGRATION_DATABASE_URL';
  return powerOverLog(pool);
}
