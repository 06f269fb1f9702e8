import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartFailure } from '../start-failure.js';
import { tryLockFile } from './file-lock.js';
import { hasNote, refuseUnseenLock, SERVER_LOCK, writeNote } from './lock-notes.js';
import { isAlive, postmasterFile, readPostmaster, worksIn } from './postmaster-file.js';

/** The lock that the processes of a server hold by a descriptor that they inherit. */
export class ServerLock {
  private constructor(
    private readonly directory: string,
    /** Undefined if the system has no locks: then the claim of the directory has to do. */
    readonly descriptor: number | undefined,
  ) {}

  static pathIn(directory: string): string {
    return join(directory, SERVER_LOCK);
  }

  /** @returns undefined while another process holds it */
  static async tryTake(directory: string): Promise<ServerLock | undefined> {
    const found = await tryLockFile(ServerLock.pathIn(directory));
    if (found === 'held') return undefined;
    return new ServerLock(directory, found === 'unsupported' ? undefined : found);
  }

  /**
   * Servers of earlier versions hold no lock, and none has ever been held in a directory where only they ran.
   * @throws StartFailure if one may still run, or one whose lock we can't see; nothing was changed
   */
  async refuseUnseenServer(): Promise<void> {
    if (this.descriptor === undefined) await refuseUnseenLock(this.directory);
    else if (await hasNote(ServerLock.pathIn(this.directory))) return;
    const cluster = join(this.directory, 'cluster');
    const found = await readPostmaster(cluster);
    if (found === 'empty') {
      throw new StartFailure(
        'server-unclear',
        `${postmasterFile(cluster)} is empty, so a PostgreSQL may be starting there or was killed while it started: make sure that none runs, then delete that file`,
      );
    }
    if (!found || !isAlive(found.pid) || !(await worksIn(found.pid, cluster))) return;
    throw new StartFailure(
      'data-in-use',
      `a PostgreSQL that an earlier version started (process ${found.pid}) still uses ${this.directory}: stop that version first; if it was killed, run "kill -INT ${found.pid}" and wait for that process to end`,
    );
  }

  /** With the lock: from now on a server without it is no server. Without: from now on there may be one. */
  async markUsed(): Promise<void> {
    if (this.descriptor === undefined) await writeFile(ServerLock.pathIn(this.directory), '', { mode: 0o600 });
    else writeNote(this.descriptor);
  }
}
