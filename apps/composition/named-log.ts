import { join, resolve } from 'node:path';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { systemClock } from '../../libs/kernel/clock.js';
import { InvalidInput } from '../../libs/kernel/errors.js';
import type { OpenedLog } from '../../libs/log-transfer/cli.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { type Connection, openDatabase } from '../../libs/platform/database/database.js';
import { startEmbeddedPostgres } from '../../libs/platform/database/embedded-postgres.js';
import { catalogue } from './catalogue.js';
import { checkEventStoreDB, openEventStoreDB } from './event-log.js';

/**
 * Opens a log directly, not through a running Gatehouse.
 * @param address of an EventStoreDB or PostgreSQL server; by default the log of the settings
 * @param signal aborts the opening and leaves no server running
 * @throws StartFailure, InvalidInput
 */
export async function openNamedLog(
  address: string | undefined,
  env: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<OpenedLog> {
  if (address === undefined) return openConfigured(env, signal);
  if (/^(?:esdb|kurrentdb)(?:\+discover)?:\/\//.test(address)) return inEventStoreDB(address);
  if (/^postgres(?:ql)?:\/\//.test(address)) return inPostgres({ connectionString: address }, async () => {});
  throw new InvalidInput([{ field: 'log', message: 'must start with esdb://, kurrentdb:// or postgres://' }]);
}

async function openConfigured(env: Record<string, string | undefined>, signal?: AbortSignal): Promise<OpenedLog> {
  const settings = readSettings(env);
  if (settings.eventstoreUrl) return inEventStoreDB(settings.eventstoreUrl);
  if (settings.databaseUrl) return inPostgres({ connectionString: settings.databaseUrl }, async () => {});
  const directory = join(resolve(settings.data), 'postgres');
  const embedded = await startEmbeddedPostgres({ directory, port: settings.postgresPort, signal });
  return inPostgres(embedded.connection, embedded.stop);
}

async function inEventStoreDB(address: string): Promise<OpenedLog> {
  const store = openEventStoreDB(address, systemClock);
  try {
    await checkEventStoreDB(store, 'the address given');
  } catch (error) {
    await store.close();
    throw error;
  }
  return { store, close: () => store.close() };
}

async function inPostgres(connection: Connection, stop: () => Promise<void>): Promise<OpenedLog> {
  try {
    const { dataSource } = await openDatabase(connection, { migrations: catalogue.migrations, entities: [] });
    await dataSource.destroy();
  } catch (error) {
    await stop();
    throw error;
  }
  const store = new PostgresEventStore(connection);
  return {
    store,
    async close() {
      await store.close();
      await stop();
    },
  };
}
