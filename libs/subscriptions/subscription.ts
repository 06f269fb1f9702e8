import { pause } from '../kernel/wait.js';

/** Work that goes on for as long as its process lives: it follows the log, or the clock. */
export interface Subscriber {
  /** Takes over what is shared with other processes. False while they own it, or there is nothing to do. */
  claim?(): Promise<boolean>;
  /** Works until the signal aborts, or until what was claimed has to be claimed anew. */
  follow(signal: AbortSignal): Promise<void>;
  /** The work stopped: reports why, and forgets what may differ from what is stored. It is then claimed anew. */
  failed(error: unknown): void;
  /** Hands back what was claimed, at the end. */
  release?(): Promise<void>;
}

const RETRY_MS = 500;

/**
 * Claims, follows, and retries after a moment, until the signal aborts; what is in hand then is finished. The one loop of
 * everything that runs in the background.
 * @param afterErrorMs how long to wait after a failure
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
