import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { hasLog } from '../../libs/event-store/postgres/existing-log.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import { systemClock } from '../../libs/kernel/clock.js';
import { InvalidInput, NotFound } from '../../libs/kernel/errors.js';
import type { LogPurpose, OpenedLog } from '../../libs/log-transfer/cli.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { type Connection, openDatabase } from '../../libs/platform/database/database.js';
import { startEmbeddedPostgres } from '../../libs/platform/database/embedded-postgres.js';
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
  if (settings.databaseUrl) return inPostgres({ connectionString: settings.databaseUrl }, purpose, async () => {});
  const directory = join(resolve(settings.data), 'postgres');
  if (purpose === 'read' && !existsSync(directory)) throw noLog(`the data directory ${resolve(settings.data)}`);
  const embedded = await startEmbeddedPostgres({ directory, port: settings.postgresPort, signal });
  return inPostgres(embedded.connection, purpose, embedded.stop);
}

const noLog = (place: string) =>
  new NotFound('no-log', `${place} has no log: correct the address, GATEHOUSE_DATA or the settings that name the log`);

async function inEventStoreDB(address: string, purpose: LogPurpose): Promise<OpenedLog> {
  const store = openEventStoreDB(address, systemClock);
  try {
    await checkEventStoreDB(store, 'the address given');
    if (purpose === 'read' && (await isEmpty(store))) throw noLog('the event store');
  } catch (error) {
    await store.close();
    throw error;
  }
  return { store, close: () => store.close() };
}

async function inPostgres(connection: Connection, purpose: LogPurpose, stop: () => Promise<void>): Promise<OpenedLog> {
  try {
    const { dataSource } = await openDatabase(
      connection,
      { migrations: catalogue.migrations, entities: [] },
      async (pool) => {
        if (purpose === 'read' && !(await hasLog(pool))) throw noLog('the database');
      },
    );
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

/** True if the store has no event of ours. */
async function isEmpty(store: EventStore): Promise<boolean> {
  for (let after = 0; ; ) {
    const { events, next, atHead } = await store.readAll(after, { limit: 1 });
    if (events.length > 0 || atHead) return events.length === 0;
    after = next;
  }
}
