import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** Where Linux keeps files in memory. */
export const MEMORY_DISK = '/dev/shm';
/** Several times what the databases, brokers and logs of a whole run take. */
const NEEDED_BYTES = 8 * 2 ** 30;

/**
 * The directory for the temporary files of specs, in memory if the machine has enough: their databases and logs are made
 * and dropped hundreds of times, and no data outlives a run.
 * @returns undefined without such a place
 */
export function memoryDirectory() {
  const directory = join(MEMORY_DISK, `gatehouse-${process.getuid?.()}`);
  try {
    const { bavail, bsize } = statfsSync(MEMORY_DISK);
    if (bavail * bsize < NEEDED_BYTES) return undefined;
    mkdirSync(directory, { recursive: true });
    return directory;
  } catch {
    return undefined;
  }
}
