import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What the running server writes about itself. */
export interface Postmaster {
  pid: number;
  /** Directory of its socket; relative to the cluster, or absolute. */
  socketDirectory: string;
  ready: boolean;
}

export const postmasterFile = (cluster: string): string => join(cluster, 'postmaster.pid');

/**
 * Lines of postmaster.pid, as in PostgreSQL's src/include/utils/pidfile.h: 1 pid, 5 socket directory, 8 status.
 * @returns undefined if there is none; `empty` if it was created and not written
 */
export async function readPostmaster(cluster: string): Promise<Postmaster | 'empty' | undefined> {
  const text = await readFile(postmasterFile(cluster), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!(pid > 0)) return 'empty';
  return { pid, socketDirectory: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Whether a process has a file open. A pid alone proves nothing: another program may have it by now, or it may be one of
 * another container. Systems without /proc have no such containers, so there a living process counts.
 */
export async function hasOpen(pid: number, path: string): Promise<boolean> {
  if (process.platform !== 'linux') return isAlive(pid);
  const wanted = await stat(path);
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const open = await stat(`/proc/${pid}/fd/${descriptor}`).catch(() => undefined);
    if (open && open.ino === wanted.ino && open.dev === wanted.dev) return true;
  }
  return false;
}

/** Whether a process works in the directory, as a server does in its cluster. */
export async function worksIn(pid: number, directory: string): Promise<boolean> {
  if (process.platform !== 'linux') return isAlive(pid);
  const [place, wanted] = await Promise.all([stat(`/proc/${pid}/cwd`).catch(() => undefined), stat(directory)]);
  return place !== undefined && place.ino === wanted.ino && place.dev === wanted.dev;
}
