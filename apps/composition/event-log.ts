import { type EventStore } from '../../libs/event-store/event-store.js';
import { EventStoreRefuses } from '../../libs/event-store/eventstoredb/client-errors.js';
import { DeduplicatingEventStore } from '../../libs/event-store/eventstoredb/deduplicating-event-store.js';
import type { EventStoreDBReport } from '../../libs/event-store/eventstoredb/eventstoredb-event-store.js';
import { FactIndex } from '../../libs/event-store/eventstoredb/fact-index.js';
import { PostgresEventStore } from '../../libs/event-store/postgres/postgres-event-store.js';
import type { StoredEvents } from '../../libs/events/stored-events.js';
import type { Clock } from '../../libs/kernel/clock.js';
import { StoreUnavailable } from '../../libs/kernel/errors.js';
import { type Nonces, randomNonces } from '../../libs/kernel/ids.js';
import type { Settings } from '../../libs/platform/configuration/settings.js';
import type { Connection, Pool } from '../../libs/platform/database/database.js';
import { errorLog } from '../../libs/platform/logging/error-log.js';
import type { Logger } from '../../libs/platform/logging/logger.js';
import { StartFailure } from '../../libs/platform/start-failure.js';
import { type LogContinuity, LogMismatch } from '../../libs/subscriptions/log-continuity.js';

/** The log that the settings name. @throws StartFailure for an invalid connection string */
export async function openLog(
  { eventstoreUrl }: Pick<Settings, 'eventstoreUrl'>,
  connection: Connection,
  pool: Pool,
  clock: Clock,
  logger: Logger,
  stored: StoredEvents,
  passedOver?: EventStoreDBReport['passedOver'],
): Promise<EventStore> {
  const nonces = randomNonces();
  if (!eventstoreUrl) return new PostgresEventStore(connection, stored, nonces);
  const lostRejection = errorLog(logger, 'a client of the event store lost an error, whose request was answered');
  const report = { lostRejection, ...(passedOver && { passedOver }) };
  const store = await openEventStoreDB(eventstoreUrl, clock, stored, report, nonces);
  return new DeduplicatingEventStore(store, new FactIndex(pool, clock), clock);
}

/**
 * @param nonces none for a copy of a log
 * @throws StartFailure
 */
export async function openEventStoreDB(
  connectionString: string,
  clock: Clock,
  stored: StoredEvents,
  report: EventStoreDBReport,
  nonces?: Nonces,
): Promise<EventStore> {
  // Imported on demand: loading the client takes a tenth of the start of a process.
  const { EventStoreDBEventStore } = await import('../../libs/event-store/eventstoredb/eventstoredb-event-store.js');
  try {
    return new EventStoreDBEventStore(connectionString, clock, stored, report, nonces);
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
    const remedy = error instanceof EventStoreRefuses ? '' : ': start it, or correct the address';
    throw new StartFailure('eventstore-away', `the event store of ${named} can't be used (${error.message})${remedy}`, {
      cause: error,
    });
  }
}

/** @throws StartFailure if the log is not the one that the database was derived from */
export async function checkContinuity(continuity: LogContinuity): Promise<void> {
  try {
    await continuity.check();
  } catch (error) {
    if (error instanceof LogMismatch) throw new StartFailure(error.code, error.message, { cause: error });
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new StartFailure(
      'log-away',
      `the log can't be compared with the database (${error.message}): restart this process once the log answers`,
      { cause: error },
    );
  }
}
