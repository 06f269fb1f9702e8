import { pause } from '../kernel/wait.js';

/** Background work that follows the log, or the clock, as long as its process lives. */
export interface Subscriber {
  /** Claims work that processes share. @returns false if others own it, or there is nothing to do */
  claim?(): Promise<boolean>;
  /** Works until the signal aborts or the work must be claimed again. */
  follow(signal: AbortSignal): Promise<void>;
  /** Reports the error and drops state that may differ from the stored one. The work is then claimed again. */
  failed(error: unknown): void;
  /** Releases claimed work at the end. */
  release?(): Promise<void>;
}

const RETRY_MS = 500;

/**
 * Claims and follows until the signal aborts, retries after errors, and finishes the current work at the end. All
 * background work runs in this loop.
 * @param afterErrorMs wait after a failure
 */
export async function runSubscription(
  subscriber: Subscriber,
  signal: AbortSignal,
  afterErrorMs = RETRY_MS,
): Promise<void> {
  while (!signal.aborted) {
    try {
      if ((await subscriber.claim?.()) ?? true) await subscriber.follow(signal);
      else await pause(RETRY_MS, signal);
    } catch (error) {
      if (signal.aborted) break;
      subscriber.failed(error);
      await pause(afterErrorMs, signal);
    }
  }
  await subscriber.release?.();
}
