import type { EventStore } from '../libs/event-store/event-store.js';
import { SealingEventStore } from '../libs/event-store/sealing-event-store.js';
import { Transactor } from '../libs/event-store/transact.js';
import type { Clock } from '../libs/kernel/clock.js';
import { type Ids, timeOrderedIds } from '../libs/kernel/ids.js';
import { EventSchemas } from '../libs/messaging/event-schemas.js';
import { IntakeGate } from '../libs/messaging/intake-gate.js';
import { Quarantine } from '../libs/messaging/postgres/quarantine.js';
import type { Settings } from '../libs/platform/configuration/settings.js';
import { type Connection, type DataSource, openDatabase, type Pool } from '../libs/platform/database/database.js';
import { DatabaseClock } from '../libs/platform/database/database-clock.js';
import type { Logger } from '../libs/platform/logging/logger.js';
import { loadMasterKey } from '../libs/platform/security/master-key.js';
import { PostgresSubjectKeys } from '../libs/platform/security/postgres-subject-keys.js';
import { LockSession } from '../libs/projections/lock-session.js';
import { Rebuilder } from '../libs/projections/rebuilder.js';
import { ViewReader } from '../libs/projections/view-reader.js';
import { eventCatalogue } from './event-catalogue.js';
import { checkEventStoreDB, openLog } from './event-log.js';
import { migrations } from './migrations.js';
import { tellParked } from './parked-log.js';

/** Positions of EventStoreDB count bytes: some 16,000 events. */
const LEAD_IN_BYTES = 16 * 1024 * 1024;

/** What every role of a process is made of, opened once and closed once. */
export interface Runtime {
  settings: Settings;
  clock: Clock;
  ids: Ids;
  logger: Logger;
  dataSource: DataSource;
  pool: Pool;
  store: EventStore;
  schemas: EventSchemas;
  subjectKeys: PostgresSubjectKeys;
  transactor: Transactor;
  quarantine: Quarantine;
  locks: LockSession;
  rebuilder: Rebuilder;
  viewReader: ViewReader;
  intakeGate: IntakeGate;
  close(): Promise<void>;
}

export interface RuntimeOptions {
  settings: Settings;
  connection: Connection;
  logger: Logger;
  /** Instead of the database's time. */
  clock?: Clock;
}

/** Connects and migrates. @throws StartFailure */
export async function openRuntime({ settings, connection, logger, clock: given }: RuntimeOptions): Promise<Runtime> {
  const { dataSource, pool } = await openDatabase(connection, migrations);
  const databaseClock = await DatabaseClock.open(pool);
  const clock = given ?? databaseClock;
  const ids = timeOrderedIds(clock);
  const schemas = new EventSchemas(eventCatalogue);
  const subjectKeys = new PostgresSubjectKeys(dataSource, await loadMasterKey(settings));
  await subjectKeys.checkMasterKey();
  const store = new SealingEventStore(openLog(settings, connection, pool, clock), subjectKeys, eventCatalogue);
  if (settings.eventStoreUrl) await checkEventStoreDB(store);
  const locks = new LockSession(connection);
  return {
    settings,
    clock,
    ids,
    logger,
    dataSource,
    pool,
    store,
    schemas,
    subjectKeys,
    transactor: new Transactor(store, ids, clock, schemas.version),
    quarantine: new Quarantine(pool, subjectKeys, ids, clock),
    locks,
    rebuilder: new Rebuilder(pool, store, locks, { parked: (parking) => tellParked(logger, parking) }),
    viewReader: new ViewReader(pool),
    intakeGate: settings.eventStoreUrl ? new IntakeGate(LEAD_IN_BYTES) : new IntakeGate(),
    async close() {
      databaseClock.close();
      await locks.close();
      await store.close();
      await dataSource.destroy();
    },
  };
}
