import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { hasEvents } from '../../libs/event-store/has-events.js';
import { LogEpoch } from '../../libs/event-store/log-epoch.js';
import { hasLog } from '../../libs/event-store/postgres/existing-log.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { systemClock } from '../../libs/kernel/clock.js';
import { InvalidInput, NotFound } from '../../libs/kernel/errors.js';
import { timeOrderedIds } from '../../libs/kernel/ids.js';
import type { LogPurpose, OpenedLog } from '../../libs/log-transfer/cli.js';
import { readSettings, type Settings } from '../../libs/platform/configuration/settings.js';
import { type Connection, type Database, openDatabase, type Pool } from '../../libs/platform/database/database.js';
import { embeddedDirectory } from '../../libs/platform/embedded-postgres/embedded-directory.js';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../libs/platform/embedded-postgres/embedded-postgres.js';
import { catalogue } from './catalogue.js';
import { checkEventStoreDB, openEventStoreDB } from './event-log.js';

/**
 * Opens a log directly, not through a running Gatehouse.
 * @param address of an EventStoreDB or PostgreSQL server; by default the log of the settings
 * @param purpose to read needs an existing log; to write creates one
 * @param signal aborts the opening and leaves no server running
 * @throws StartFailure, InvalidInput; NotFound `no-log` if there is none to read
 */
export async function openNamedLog(
  address: string | undefined,
  purpose: LogPurpose,
  env: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<OpenedLog> {
  if (address === undefined) return openConfigured(purpose, env, signal);
  if (/^(?:esdb|kurrentdb)(?:\+discover)?:\/\//.test(address)) return inEventStoreDB(address, purpose);
  if (/^postgres(?:ql)?:\/\//.test(address)) return inPostgres({ connectionString: address }, purpose, async () => {});
  throw new InvalidInput([{ field: 'log', message: 'must start with esdb://, kurrentdb:// or postgres://' }]);
}

async function openConfigured(
  purpose: LogPurpose,
  env: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<OpenedLog> {
  const settings = readSettings(env);
  if (settings.eventstoreUrl) return inEventStoreDB(settings.eventstoreUrl, purpose);
  const { connection, stop } = await configuredDatabase(settings, purpose, signal);
  return inPostgres(connection, purpose, stop);
}

/**
 * Renews the epoch of the log of the settings, without a running server.
 * @returns the new epoch
 * @throws StartFailure; NotFound `no-log` if there is no log
 */
export async function renewLogEpoch(env: Record<string, string | undefined>, signal?: AbortSignal): Promise<string> {
  const { connection, stop } = await configuredDatabase(readSettings(env), 'read', signal);
  try {
    const { dataSource, pool } = await openExisting(connection);
    try {
      return await LogEpoch.renewIn(pool, timeOrderedIds(systemClock));
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await stop();
  }
}

/** The database of the settings, started if it is embedded. @throws NotFound to read one that does not exist */
export async function configuredDatabase(
  settings: Settings,
  purpose: LogPurpose,
  signal?: AbortSignal,
): Promise<Pick<EmbeddedPostgres, 'connection' | 'stop'>> {
  const { databaseUrl, data } = settings;
  if (databaseUrl) return { connection: { connectionString: databaseUrl }, stop: async () => {} };
  const directory = await embeddedDirectory(settings);
  if (purpose === 'read' && !existsSync(directory)) throw noLog(`the data directory ${resolve(data)}`);
  return startEmbeddedPostgres({
    directory,
    onLost(line) {
      console.error(`gatehouse: ${line}`);
      process.exit(1);
    },
    signal,
  });
}

/** @throws NotFound `no-log` if the database has none */
export const openExisting = (connection: Connection): Promise<Database> =>
  openMigrated(connection, async (pool) => {
    if (!(await hasLog(pool))) throw noLog('the database');
  });

const openMigrated = (connection: Connection, accept?: (pool: Pool) => Promise<void>): Promise<Database> =>
  openDatabase(connection, { migrations: catalogue.migrations, entities: [] }, accept);

const noLog = (place: string) =>
  new NotFound('no-log', `${place} has no log: correct the address, GATEHOUSE_DATA or the settings that name the log`);

async function inEventStoreDB(address: string, purpose: LogPurpose): Promise<OpenedLog> {
  const store = await openEventStoreDB(address, systemClock, catalogue.stored, {
    lostRejection: ({ message }) => console.error(`gatehouse: ${message}`),
  });
  try {
    await checkEventStoreDB(store, 'the address given');
    if (purpose === 'read' && !(await hasEvents(store))) throw noLog('the event store');
  } catch (error) {
    await store.close();
    throw error;
  }
  return { store, close: () => store.close() };
}

async function inPostgres(connection: Connection, purpose: LogPurpose, stop: () => Promise<void>): Promise<OpenedLog> {
  try {
    const { dataSource } = await (purpose === 'read' ? openExisting(connection) : openMigrated(connection));
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
