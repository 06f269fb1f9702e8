import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartFailure } from '../start-failure.js';
import { tryLockFile } from './file-lock.js';
import { isAlive, postmasterFile, readPostmaster, worksIn } from './postmaster-file.js';

const NOTE = 'Locked by the PostgreSQL server of this directory while it runs. Leave this file in place.\n';

/** The lock that the processes of a server hold by a descriptor that they inherit. */
export class ServerLock {
  private constructor(
    private readonly directory: string,
    /** Undefined if the system has no locks: then the claim of the directory has to do. */
    readonly descriptor: number | undefined,
  ) {}

  static pathIn(directory: string): string {
    return join(directory, 'server.lock');
  }

  /** @returns undefined while another process holds it */
  static async tryTake(directory: string): Promise<ServerLock | undefined> {
    const found = await tryLockFile(ServerLock.pathIn(directory));
    if (found === 'held') return undefined;
    return new ServerLock(directory, found === 'unsupported' ? undefined : found);
  }

  /**
   * Servers of earlier versions hold no lock, and none has ever been held in a directory where only they ran.
   * @throws StartFailure if one may still run; nothing was changed
   */
  async refuseEarlierServer(): Promise<void> {
    if (this.descriptor !== undefined && (await readFile(ServerLock.pathIn(this.directory), 'utf8')) === NOTE) return;
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

  /** From now on a server without the lock is no server. */
  async markUsed(): Promise<void> {
    const path = ServerLock.pathIn(this.directory);
    if ((await stat(path)).size === 0) await writeFile(path, NOTE, { flush: true });
  }
}
