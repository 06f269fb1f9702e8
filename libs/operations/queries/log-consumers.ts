import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { viewConsumers } from '../../projections/builds.js';
import type { View } from '../../projections/view.js';
import { PUBLISHER } from '../../publish/kafka/publisher.js';
import { parkedKeys, progressOfAll } from '../../subscriptions/checkpoints.js';

/**
 * How far the consumers are that run in this release and with these settings. Checkpoints of an earlier release, of
 * a killed rebuild or of a publisher without Kafka never advance, so nobody should wait for them.
 */
export async function logConsumers(
  pool: Pool,
  catalogue: readonly View[],
  { kafkaBrokers }: Pick<Settings, 'kafkaBrokers'>,
) {
  const [views, progress, parked] = await Promise.all([
    viewConsumers(pool, catalogue),
    progressOfAll(pool),
    parkedKeys(pool),
  ]);
  const isRunning = (consumer: string): boolean => {
    if (consumer.startsWith('view:')) return views.has(consumer);
    return consumer !== PUBLISHER || kafkaBrokers.length > 0;
  };
  return {
    progress: new Map([...progress].filter(([consumer]) => isRunning(consumer))),
    parked: parked.filter(({ consumer }) => isRunning(consumer)),
  };
}
