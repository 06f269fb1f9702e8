/**
 * Does work side by side, except that what shares a key is done one after the other, in the order given. After a failure
 * nothing more begins; it is thrown once all that was begun has ended.
 */
export async function inOrder<One>(
  all: readonly One[],
  keysOf: (one: One) => readonly string[],
  sideBySide: number,
  work: (one: One) => Promise<void>,
): Promise<void> {
  const queue = all.values();
  const ends = new Map<string, Promise<void>>();
  let failed = false;
  const worker = async () => {
    for (const one of queue) {
      const keys = keysOf(one);
      // Those before it were begun before it, so none waits for one that waits for a worker.
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
  const ended = await Promise.allSettled(Array.from({ length: Math.min(sideBySide, all.length) }, worker));
  const failure = ended.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
}
