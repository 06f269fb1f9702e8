import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const PREFIX = 'gatehouse-test-';

/** Stops the server in the directory, if one runs there, and removes its files. Plain JavaScript: jest runs it as it is. */
export async function removeTestServer(directory) {
  const lockFile = join(directory, 'cluster', 'postmaster.pid');
  if (existsSync(lockFile)) {
    const pid = Number(readFileSync(lockFile, 'utf8').split('\n')[0]);
    try {
      process.kill(pid, 'SIGQUIT'); // nothing in it is worth a shutdown checkpoint
      for (let tries = 0; existsSync(lockFile) && tries < 250; tries++) await sleep(20);
    } catch {
      // it is gone already
    }
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}
