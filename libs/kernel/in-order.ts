/**
 * Runs work concurrently, but items that share a key one after the other, in the given order. After a failure no further
 * work starts; the failure is thrown once all running work has ended.
 */
export async function inOrder<One>(
  all: readonly One[],
  keysOf: (one: One) => readonly string[],
  concurrency: number,
  work: (one: One) => Promise<void>,
): Promise<void> {
  const queue = all.values();
  const ends = new Map<string, Promise<void>>();
  let failed = false;
  const worker = async () => {
    for (const one of queue) {
      const keys = keysOf(one);
      // Earlier items already have a worker, so waiting for them can't deadlock.
      const done = Promise.all(keys.map((key) => ends.get(key))).then(() => (failed ? undefined : work(one)));
      for (const key of keys) ends.set(key, done);
      try {
        await done;
      } catch (error) {
        failed = true;
        throw error;
      }
      if (failed) return;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(concurrency, all.length) }, worker));
  const failure = ended.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
}
