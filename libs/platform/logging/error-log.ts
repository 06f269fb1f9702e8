import { isTransient } from '../../kernel/transient.js';
import type { Logger } from './logger.js';

const REPEAT_MS = 60_000;

/**
 * Logs errors of work that is retried several times a second. The same error is logged once a minute, with the number of
 * repeats, and without a stack if it is transient.
 * @param what a sentence, such as "the projector failed and restarts"
 * @param now monotonic milliseconds
 * @param level `info` for what a healthy system does too; then without a stack
 */
export function errorLog(
  logger: Logger,
  what: string,
  now = () => performance.now(),
  level: 'warn' | 'info' = 'warn',
): (error: unknown) => void {
  let last: { reason: string; at: number; repeats: number } | undefined;
  return (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    const at = now();
    if (last?.reason === reason && at - last.at < REPEAT_MS) {
      last.repeats++;
      return;
    }
    const repeats = last?.repeats ? { repeats: last.repeats } : {};
    const isPlain = level === 'info' || isTransient(error);
    logger[level]({ ...(isPlain ? { reason } : { err: error }), ...repeats }, what);
    last = { reason, at, repeats: 0 };
  };
}
