import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from '../start-failure.js';
import { DirectoryClaim } from './directory-claim.js';
import { tryLockFile } from './file-lock.js';

const ATTEMPTS = 8;
const RETRY_MS = 250;

/** Marks a directory as used by this process, for all processes that have it, in whatever container. */
export interface DirectoryLock {
  /** Names the process of the server; 0 if none runs. */
  serverIs(pid: number): void;
  /** Call it after the server was stopped. */
  release(): Promise<void>;
}

/**
 * Locks a directory: with a lock of the operating system, or with a claim if there is none.
 * @param lost called if another process has taken the directory over, which only a claim allows
 * @throws StartFailure `data-in-use`
 */
export async function lockDirectory(directory: string, lost: () => void): Promise<DirectoryLock> {
  for (let attempt = 1; ; attempt++) {
    const found = await tryLockFile(join(directory, 'process.lock'));
    if (typeof found === 'number') return { serverIs() {}, release: async () => closeSync(found) };
    if (found === 'unsupported') {
      const claim = await DirectoryClaim.take(directory, lost);
      if (claim) return claim;
    }
    if (found === 'unsupported' || attempt === ATTEMPTS) {
      throw new StartFailure(
        'data-in-use',
        `another Gatehouse process uses ${directory}: stop it first, or set GATEHOUSE_DATA to another directory`,
      );
    }
    await sleep(RETRY_MS); // the lock of a killed process is free a moment later
  }
}
