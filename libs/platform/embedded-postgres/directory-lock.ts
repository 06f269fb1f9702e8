import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from '../start-failure.js';
import { DirectoryClaim } from './directory-claim.js';
import { tryLockFile } from './file-lock.js';
import { clearNote, hasNote, PROCESS_LOCK, refuseUnseenLock, writeNote } from './lock-notes.js';

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
 * Locks a directory: with a lock of the operating system, or with a claim if there is none. Each process leaves its own mark
 * before it looks for that of the other kind, so of two that start at once at least one sees the other.
 * @param lost called if another process has taken the directory over, which only a claim allows
 * @throws StartFailure `data-in-use`, `data-use-unclear`, `lock-failed`
 */
export async function lockDirectory(directory: string, lost: () => void): Promise<DirectoryLock> {
  for (let attempt = 1; ; attempt++) {
    const found = await tryLockFile(join(directory, PROCESS_LOCK));
    if (typeof found === 'number') return excludeClaims(directory, found);
    if (found === 'unsupported') return claim(directory, lost);
    if (attempt === ATTEMPTS) throw inUse(directory);
    await sleep(RETRY_MS); // the lock of a killed process is free a moment later
  }
}

async function excludeClaims(directory: string, descriptor: number): Promise<DirectoryLock> {
  try {
    const wasNoted = await hasNote(join(directory, PROCESS_LOCK));
    writeNote(descriptor);
    if (!(await DirectoryClaim.supersede(directory))) {
      if (!wasNoted) clearNote(descriptor);
      throw inUse(directory);
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const release = async () => {
    clearNote(descriptor);
    closeSync(descriptor);
  };
  return { serverIs() {}, release };
}

async function claim(directory: string, lost: () => void): Promise<DirectoryLock> {
  await refuseUnseenLock(directory);
  const taken = await DirectoryClaim.take(directory, lost);
  if (!taken) throw inUse(directory);
  try {
    await refuseUnseenLock(directory);
  } catch (error) {
    await taken.release();
    throw error;
  }
  return taken;
}

const inUse = (directory: string): StartFailure =>
  new StartFailure(
    'data-in-use',
    `another Gatehouse process uses ${directory}: stop it first, or set GATEHOUSE_DATA to another directory`,
  );
