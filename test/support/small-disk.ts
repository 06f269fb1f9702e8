import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const WAYS = [
  ['unshare', '--map-root-user', '--mount'],
  ['unshare', '--mount'],
];
const MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"';
const BLOCK = Buffer.alloc(256 * 1024, 1);

const shell = (size: string, directory: string) => ['sh', '-c', MOUNT, 'sh', size, directory];

/** A command that gives a process its own disk of a given size; undefined if the system does not permit that. */
export function findSmallDisk(): ((size: string, directory: string) => string[]) | undefined {
  for (const way of WAYS) {
    try {
      execFileSync(way[0]!, [...way.slice(1), ...shell('1m', tmpdir()), 'true'], { stdio: 'ignore' });
      return (size, directory) => [...way, ...shell(size, directory)];
    } catch {
      // try the next command
    }
  }
  return undefined;
}

/** A directory to mount the disk on. */
export const mountPoint = (): Promise<string> => mkdtemp(join(tmpdir(), 'gatehouse-disk-'));

/** Fills the disk of a process until about so many bytes are free. */
export async function leaveOnDisk(pid: number, directory: string, bytes: number): Promise<void> {
  const disk = join('/proc', String(pid), 'root', directory);
  const ballast = join(disk, 'ballast');
  await rm(ballast, { force: true });
  if (bytes === Number.POSITIVE_INFINITY) return;
  const file = await open(ballast, 'a');
  try {
    for (let left = await freeBytes(disk); left > bytes; left = await freeBytes(disk)) {
      await file.write(BLOCK, 0, Math.min(BLOCK.length, left - bytes));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error; // another process used the last bytes
  } finally {
    await file.close();
  }
}

async function freeBytes(disk: string): Promise<number> {
  const { bavail, bsize } = await statfs(disk);
  return bavail * bsize;
}
