import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { viewConsumers } from '../../projections/builds.js';
import type { View } from '../../projections/view.js';
import { PUBLISHER } from '../../publish/kafka/publisher.js';
import { consumerPositions, parkedKeys } from '../../subscriptions/checkpoints.js';

/**
 * The positions of the consumers that run in this release and with these settings. Checkpoints of an earlier release, of
 * a killed rebuild or of a publisher without Kafka never advance, so nobody should wait for them.
 */
export async function logConsumers(
  pool: Pool,
  catalogue: readonly View[],
  { kafkaBrokers }: Pick<Settings, 'kafkaBrokers'>,
) {
  const [views, positions, parked] = await Promise.all([
    viewConsumers(pool, catalogue),
    consumerPositions(pool),
    parkedKeys(pool),
  ]);
  const isRunning = (consumer: string): boolean => {
    if (consumer.startsWith('view:')) return views.has(consumer);
    return consumer !== PUBLISHER || kafkaBrokers.length > 0;
  };
  return {
    positions: new Map([...positions].filter(([consumer]) => isRunning(consumer))),
    parked: parked.filter(({ consumer }) => isRunning(consumer)),
  };
}
