import type { Catalogue } from '../../libs/context/catalogue.js';
import { refuseOlderKeys } from '../../libs/erasure/index.js';
import { EarlierEventStore } from '../../libs/event-store/earlier-event-store.js';
import { EncryptingEventStore } from '../../libs/event-store/encrypting-event-store.js';
import { OwnEventIds } from '../../libs/event-store/event-identity.js';
import type { EventStore } from '../../libs/event-store/event-store.js';
import { LogEpoch } from '../../libs/event-store/log-epoch.js';
import { refuseSimulation } from '../../libs/event-store/postgres/virtual-clock.js';
import { Transactor } from '../../libs/event-store/transact.js';
import { EventSchemas } from '../../libs/events/event-schemas.js';
import { Backpressure } from '../../libs/ingest/backpressure.js';
import { Quarantine } from '../../libs/ingest/quarantine.js';
import type { Clock } from '../../libs/kernel/clock.js';
import { clockOfMoments } from '../../libs/kernel/earlier-moment.js';
import { VIEW_LEAD_BYTES } from '../../libs/kernel/fact-limits.js';
import { timeOrderedIds } from '../../libs/kernel/ids.js';
import type { Settings } from '../../libs/platform/configuration/settings.js';
import { type Connection, openDatabase } from '../../libs/platform/database/database.js';
import { DatabaseClock } from '../../libs/platform/database/database-clock.js';
import { openEventIdentity } from '../../libs/platform/database/identity-key.js';
import type { Logger } from '../../libs/platform/logging/logger.js';
import { openAddressHashes } from '../../libs/platform/personal-data/address-hashes.js';
import { openKeyStore } from '../../libs/platform/personal-data/open-key-store.js';
import { PersonKeys } from '../../libs/platform/personal-data/person-keys.js';
import { Rebuilder } from '../../libs/projections/rebuilder.js';
import { ViewReader } from '../../libs/projections/view-reader.js';
import { LockSession } from '../../libs/subscriptions/lock-session.js';
import { LogContinuity, type LogMismatch } from '../../libs/subscriptions/log-continuity.js';
import { LogTail } from '../../libs/subscriptions/log-tail.js';
import { logParked } from '../../libs/subscriptions/parked-log.js';
import { catalogue as applicationCatalogue } from './catalogue.js';
import { entities } from './entities.js';
import { checkContinuity, checkEventStoreDB, openLog } from './event-log.js';

const MEGABYTE = 1_000_000;

/** The resources that every role needs, opened once and closed once. */
export type Runtime = Awaited<ReturnType<typeof openRuntime>>;

export interface RuntimeOptions {
  settings: Settings;
  connection: Connection;
  logger: Logger;
  /** The database's time by default. */
  clock?: Clock;
  /** Puts something between the process and its log. */
  around?(log: EventStore): EventStore;
  /** The catalogue of this application's contexts by default. */
  catalogue?: Catalogue;
  /** Ends the process; without it only readiness reports the mismatch. */
  mismatch?(error: LogMismatch): void;
}

interface Closable {
  close(): unknown;
}

/** Connects and migrates. @throws StartFailure; nothing stays open then */
export async function openRuntime(options: RuntimeOptions) {
  const opened: Closable[] = [];
  const close = async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  };
  const closedLater = <Opened extends Closable>(one: Opened): Opened => {
    opened.push(one);
    return one;
  };
  try {
    return { ...(await openResources(options, closedLater)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openResources(
  {
    settings,
    connection,
    logger,
    clock: given,
    around = (log) => log,
    catalogue = applicationCatalogue,
    mismatch = () => {},
  }: RuntimeOptions,
  closedLater: <Opened extends Closable>(one: Opened) => Opened,
) {
  const { dataSource, pool } = await openDatabase(connection, { migrations: catalogue.migrations, entities });
  closedLater({ close: () => dataSource.destroy() });
  await refuseSimulation(pool);
  const databaseClock = closedLater(await DatabaseClock.open(pool));
  const presentClock = given ?? databaseClock;
  const clock = clockOfMoments(presentClock);
  const ids = timeOrderedIds(clock);
  const passedOver = { 'our-streams': 0, 'other-streams': 0 };
  const schemas = new EventSchemas(catalogue.events);
  const personKeys = new PersonKeys(await openKeyStore(dataSource, pool, settings, presentClock), presentClock);
  const stored = await openLog(settings, connection, pool, clock, logger, catalogue.stored, (event) => {
    passedOver[event.where]++;
    if (event.where === 'our-streams') logger.warn(event, "an event in one of our streams can't be used: passed over");
  });
  const present = closedLater(new EncryptingEventStore(around(stored), personKeys, catalogue.events));
  const store = new EarlierEventStore(present);
  if (settings.eventstoreUrl) await checkEventStoreDB(store);
  await refuseOlderKeys(store, personKeys.store);
  const continuity = new LogContinuity(pool, store);
  await checkContinuity(continuity);
  const identity = await openEventIdentity(dataSource, settings, () => store.head());
  const addressHashes = await openAddressHashes(dataSource, {
    key: personKeys.store.named.addresses,
    former: (text) => personKeys.keyedHash(text),
    isLogEmpty: async () => (await store.head()) === 0,
  });
  // Reads the log for every consumer in this process.
  const log = closedLater(new LogTail(present));
  const epoch = closedLater(await LogEpoch.open(pool, ids));
  const locks = closedLater(new LockSession(connection));
  return {
    catalogue,
    settings,
    clock,
    ids,
    logger,
    dataSource,
    pool,
    store,
    log,
    epoch,
    passedOver,
    continuity,
    mismatch,
    schemas,
    personKeys,
    identity,
    ownEventIds: new OwnEventIds(identity.key, identity.since),
    addressHashes,
    transactor: new Transactor(store, ids, clock, schemas),
    quarantine: new Quarantine(dataSource, personKeys, ids, clock, {
      sourceBytes: settings.quarantineSourceMb * MEGABYTE,
      totalBytes: settings.quarantineMb * MEGABYTE,
    }),
    locks,
    rebuilder: new Rebuilder(pool, present, locks, { parked: (parking) => logParked(logger, parking) }),
    viewReader: new ViewReader(pool),
    backpressure: settings.eventstoreUrl ? new Backpressure(VIEW_LEAD_BYTES) : new Backpressure(),
  };
}
