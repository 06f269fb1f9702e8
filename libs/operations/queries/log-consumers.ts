import type { Position } from '../../kernel/envelope.js';
import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { viewConsumers } from '../../projections/builds.js';
import type { View } from '../../projections/view.js';
import { PUBLISHER } from '../../publish/kafka/publisher.js';
import { consumerPositions, type ParkedKey, parkedKeys } from '../../subscriptions/checkpoints.js';

export interface LogConsumers {
  positions: Map<string, Position>;
  parked: ParkedKey[];
}

/**
 * How far everything has got that follows the log in this release and with these settings. What an earlier release, a
 * rebuild that was killed, or a door to Kafka that is closed now has left behind stands still for good, and nobody should
 * wait for it.
 */
export async function logConsumers(
  pool: Pool,
  catalogue: readonly View[],
  { kafkaBrokers }: Pick<Settings, 'kafkaBrokers'>,
): Promise<LogConsumers> {
  const [views, positions, parked] = await Promise.all([
    viewConsumers(pool, catalogue),
    consumerPositions(pool),
    parkedKeys(pool),
  ]);
  const follows = (follower: string): boolean => {
    if (follower.startsWith('view:')) return views.has(follower);
    return follower !== PUBLISHER || kafkaBrokers.length > 0;
  };
  return {
    positions: new Map([...positions].filter(([follower]) => follows(follower))),
    parked: parked.filter(({ consumer: follower }) => follows(follower)),
  };
}
