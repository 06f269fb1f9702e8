/**
 * Runs work concurrently, but items that share a key one after the other, in the given order. An item that waits for
 * another occupies no place, so many items of one key don't delay the others. After a failure no further work starts; the
 * failure is thrown once all running work has ended.
 */
export async function inOrder<One>(
  all: readonly One[],
  keysOf: (one: One) => readonly string[],
  concurrency: number,
  work: (one: One) => Promise<void>,
): Promise<void> {
  const ends = new Map<string, Promise<void>>();
  const waiting: (() => void)[] = [];
  let free = concurrency;
  let failed = false;
  const perform = async (one: One, before: readonly (Promise<void> | undefined)[]) => {
    await Promise.all(before);
    if (free > 0) free--;
    else await new Promise<void>((start) => waiting.push(start));
    try {
      if (!failed) await work(one);
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
  const done = all.map((one) => {
    const keys = keysOf(one);
    const end = perform(
      one,
      keys.map((key) => ends.get(key)),
    );
    for (const key of keys) ends.set(key, end);
    return end;
  });
  const ended = await Promise.allSettled(done);
  const failure = ended.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
}
