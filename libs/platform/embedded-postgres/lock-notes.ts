import { fsyncSync, ftruncateSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartFailure } from '../start-failure.js';
import { postmasterFile, readPostmaster } from './postmaster-file.js';

/** Locked by the process that uses the directory. Has the note from its start until its server has ended. */
export const PROCESS_LOCK = 'process.lock';
/** Locked by the processes of the server. Has the note since a server with the lock ran, until one runs without. */
export const SERVER_LOCK = 'server.lock';

/** In a lock file: a process without locks of the operating system can't see that the file is locked. */
const NOTE = 'Locked by the PostgreSQL server of this directory while it runs. Leave this file in place.\n';

export const hasNote = (path: string): Promise<boolean> =>
  readFile(path, 'utf8').then(
    (text) => text === NOTE,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

export function writeNote(descriptor: number): void {
  writeSync(descriptor, NOTE, 0);
  fsyncSync(descriptor);
}

export function clearNote(descriptor: number): void {
  ftruncateSync(descriptor);
  fsyncSync(descriptor);
}

/**
 * For a process that can't lock files, on a system or a disk without locks.
 * @throws StartFailure if the directory was used by a process that could, and may still be
 */
export async function refuseUnseenLock(directory: string): Promise<void> {
  const cluster = join(directory, 'cluster');
  const signs: string[] = [];
  if (await hasNote(join(directory, PROCESS_LOCK))) signs.push(join(directory, PROCESS_LOCK));
  if ((await hasNote(join(directory, SERVER_LOCK))) && (await readPostmaster(cluster)))
    signs.push(postmasterFile(cluster));
  if (signs.length === 0) return;
  throw new StartFailure(
    'data-use-unclear',
    `${directory} was used by a process that locked it, and this process can't see whether it is locked still, since the program flock is missing or its disk has no locks: install flock (util-linux) and start again; or make sure that no Gatehouse process and no PostgreSQL uses the directory, in other containers too, and delete ${signs.join(' and ')}`,
  );
}
