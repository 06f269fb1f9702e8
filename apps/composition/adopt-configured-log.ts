import { LogEpoch } from '../../libs/event-store/log-epoch.js';
import { systemClock } from '../../libs/kernel/clock.js';
import { timeOrderedIds } from '../../libs/kernel/ids.js';
import type { CopyProgress } from '../../libs/log-transfer/export-log.js';
import { readSettings } from '../../libs/platform/configuration/settings.js';
import { createLogger } from '../../libs/platform/logging/logger.js';
import { type AdoptedLog, adoptLog } from '../../libs/projections/adopt-log.js';
import { Rebuilder } from '../../libs/projections/rebuilder.js';
import { LockSession } from '../../libs/subscriptions/lock-session.js';
import { logParked } from '../../libs/subscriptions/parked-log.js';
import { catalogue } from './catalogue.js';
import { checkEventStoreDB, openLog } from './event-log.js';
import { configuredDatabase, openExisting } from './named-log.js';

/** Adopts the log of the settings for the database of the settings. @throws StartFailure; NotFound `no-log`; Refusal `processes-running` */
export async function adoptConfiguredLog(
  env: Record<string, string | undefined>,
  { signal, onProgress }: CopyProgress,
): Promise<AdoptedLog> {
  const settings = readSettings(env);
  const logger = createLogger(settings);
  const { connection, stop } = await configuredDatabase(settings, 'read', signal);
  try {
    const { dataSource, pool } = await openExisting(connection);
    const store = await openLog(settings, connection, pool, systemClock, logger, catalogue.stored);
    const locks = new LockSession(connection);
    try {
      if (settings.eventstoreUrl) await checkEventStoreDB(store);
      const rebuilder = new Rebuilder(pool, store, locks, { parked: (parking) => logParked(logger, parking) });
      const renewEpoch = () => LogEpoch.renewIn(pool, timeOrderedIds(systemClock));
      return await adoptLog({ pool, store, locks, rebuilder }, catalogue.views, renewEpoch, onProgress, signal);
    } finally {
      await locks.close();
      await store.close();
      await dataSource.destroy();
    }
  } finally {
    await stop();
  }
}
