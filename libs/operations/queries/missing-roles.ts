import type { Settings } from '../../platform/configuration/settings.js';
import { type LivingProcess, PROCESS_ROLES, type ProcessRole } from '../../platform/process/living-processes.js';

/** Without brokers there is no work for these. */
const OF_KAFKA: readonly ProcessRole[] = ['ingester', 'publisher'];

/** The roles that this deployment needs and that no living process has. */
export function missingRoles(
  living: readonly Pick<LivingProcess, 'roles'>[],
  { kafkaBrokers }: Pick<Settings, 'kafkaBrokers'>,
): ProcessRole[] {
  const present = new Set(living.flatMap(({ roles }) => roles));
  return PROCESS_ROLES.filter((role) => !present.has(role) && (kafkaBrokers.length > 0 || !OF_KAFKA.includes(role)));
}
