import { type EventStore } from '../../libs/event-store/event-store.js';
import { DeduplicatingEventStore } from '../../libs/event-store/eventstoredb/deduplicating-event-store.js';
import { EventStoreDBEventStore } from '../../libs/event-store/eventstoredb/eventstoredb-event-store.js';
import { FactIndex } from '../../libs/event-store/eventstoredb/fact-index.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import type { Clock } from '../../libs/kernel/clock.js';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import type { Settings } from '../../libs/platform/configuration/settings.js';
import type { Connection, Pool } from '../../libs/platform/database/database.js';
import { StartFailure } from '../../libs/platform/start-failure.js';

/** The log that the settings name. @throws StartFailure for an invalid connection string */
export const openLog = (
  { eventstoreUrl }: Pick<Settings, 'eventstoreUrl'>,
  connection: Connection,
  pool: Pool,
  clock: Clock,
): EventStore =>
  eventstoreUrl
    ? new DeduplicatingEventStore(openEventStoreDB(eventstoreUrl, clock), new FactIndex(pool, clock), clock)
    : new PostgresEventStore(connection);

/** @throws StartFailure */
export function openEventStoreDB(connectionString: string, clock: Clock): EventStore {
  try {
    return new EventStoreDBEventStore(connectionString, clock);
  } catch (error) {
    throw new StartFailure(
      'eventstore-url-invalid',
      `the connection string of the event store is invalid (${(error as Error).message}): correct GATEHOUSE_EVENTSTORE_URL`,
      { cause: error },
    );
  }
}

/**
 * @param named what names the event store
 * @throws StartFailure while it does not answer; the supervisor restarts the process
 */
export async function checkEventStoreDB(store: EventStore, named = 'GATEHOUSE_EVENTSTORE_URL'): Promise<void> {
  try {
    await store.readAll(0, { limit: 1 });
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new StartFailure(
      'eventstore-away',
      `the event store of ${named} can't be used (${error.message}): start it, or correct the address`,
      { cause: error },
    );
  }
}
