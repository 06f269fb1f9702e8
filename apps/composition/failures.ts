import type { Counter } from 'prom-client';
import { errorLog } from '../../libs/platform/logging/error-log.js';
import type { Logger } from '../../libs/platform/logging/logger.js';
import { Fenced } from '../../libs/subscriptions/checkpoints.js';

/**
 * Counts and logs the errors of a worker. That its checkpoints were moved meanwhile is no error: a rebuild that goes live, and
 * another process that takes the work over, do so in a healthy system.
 * @param what a sentence, such as "the projector failed and restarts"
 */
export function failures(
  errors: Pick<Counter, 'inc'>,
  logger: Logger,
  what: string,
  labels: Record<string, string> = {},
): (error: unknown) => void {
  const failed = errorLog(logger, what);
  const moved = errorLog(logger, 'work goes on from the stored checkpoints, which were moved', undefined, 'info');
  return (error) => {
    if (error instanceof Fenced) return moved(error);
    errors.inc(labels);
    failed(error);
  };
}
