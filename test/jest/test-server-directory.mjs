import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const PREFIX = 'gatehouse-test-';

/** Stops the servers of the directory if they run, and removes their files. JavaScript, since Jest does not compile it. */
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
  killKafka(join(directory, 'kafka'));
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

function killKafka(directory) {
  const file = join(directory, 'kafka.pid');
  if (!existsSync(file)) return;
  const pid = readFileSync(file, 'utf8');
  // Another process may have the pid by now.
  const { stdout } = spawnSync('ps', ['-p', pid, '-o', 'args='], { encoding: 'utf8' });
  if (stdout?.includes(directory)) process.kill(Number(pid), 'SIGKILL');
}
