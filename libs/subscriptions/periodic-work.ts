import { pause } from '../kernel/wait.js';
import type { LockSession } from './lock-session.js';
import { Ownership } from './ownership.js';
import { runSubscription } from './subscription.js';

export interface PeriodicWork {
  /** Of its advisory lock: one process at a time does the work. */
  name: string;
  everyMs: number;
  tick(): Promise<void>;
  failed(error: unknown): void;
}

/** Does the work periodically in one process at a time, until the signal aborts. After an error it waits as long. */
export async function runPeriodically(
  { name, everyMs, tick, failed }: PeriodicWork,
  signal: AbortSignal,
  locks: LockSession,
): Promise<void> {
  const ownership = new Ownership(locks, `periodic:${name}`, 1);
  ownership.join();
  let owned: AbortSignal | undefined;
  await runSubscription(
    {
      claim: async () => {
        owned = await ownership.claim(name);
        return owned !== undefined;
      },
      follow: async () => {
        await tick();
        await pause(everyMs, AbortSignal.any([owned!, signal]));
      },
      failed,
      release: () => ownership.release(name),
    },
    signal,
    everyMs,
  );
}
