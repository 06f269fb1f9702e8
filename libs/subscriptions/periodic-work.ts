import { pause } from '../kernel/wait.js';
import type { LockSession } from './lock-session.js';
import { Ownership } from './ownership.js';
import { runSubscription } from './subscription.js';

export interface PeriodicWork {
  /** Of its advisory lock: one process at a time does the work. */
  name: string;
  everyMs: number;
  /** @param ends aborts when the work is to end, or another process does it */
  tick(ends: AbortSignal): Promise<void>;
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
  /** Of both, made once for each claim: a signal keeps every one that was made of it. */
  let ends = signal;
  await runSubscription(
    {
      claim: async () => {
        const held = await ownership.claim(name);
        if (held && held !== owned) ends = AbortSignal.any([held, signal]);
        owned = held;
        return held !== undefined;
      },
      follow: async () => {
        await tick(ends);
        await pause(everyMs, ends);
      },
      failed,
      release: () => ownership.release(name),
    },
    signal,
    everyMs,
  );
}
