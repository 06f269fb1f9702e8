/** Resolves after the time, or at once when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/**
 * Rejects if work takes longer than `ms`. The work itself goes on, but its outcome is ignored.
 * @param work may call `extend` to restart the timer
 * @param late creates the error
 */
export async function within<Result>(
  ms: number,
  work: (extend: () => void) => Promise<Result>,
  late: () => Error,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work(() => timer?.refresh()), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

interface Waiter {
  isMet(): boolean;
  settle(met: boolean): void;
}

/** Wakes callers who wait until something that changes meets their condition. */
export class Changes {
  private readonly waiters = new Set<Waiter>();

  /** Call it after each change. */
  notify(): void {
    for (const waiter of this.waiters) if (waiter.isMet()) waiter.settle(true);
  }

  /** @returns false if the time runs out or the signal aborts before the condition is met */
  until(isMet: () => boolean, ms: number, signal?: AbortSignal): Promise<boolean> {
    if (isMet()) return Promise.resolve(true);
    if (ms <= 0 || signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (met: boolean) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        this.waiters.delete(waiter);
        resolve(met);
      };
      const giveUp = () => settle(false);
      const waiter = { isMet, settle };
      const timer = setTimeout(giveUp, ms);
      signal?.addEventListener('abort', giveUp, { once: true });
      this.waiters.add(waiter);
    });
  }
}
