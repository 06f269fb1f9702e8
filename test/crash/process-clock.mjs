import { spawn } from 'node:child_process';
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Debian's package `faketime` puts it into a directory per machine type; others, and `make install`, elsewhere. */
const PLACES = ['/usr/lib', '/usr/lib64', '/usr/local/lib'];
const LIBRARY = join('faketime', 'libfaketimeMT.so.1');
/** How long a process caches the file; reading it at every look at the clock would be slow. */
const REREAD_S = 1;
const TRIAL_AHEAD_S = 3_600;
const TRIAL_MS = 10_000;
/** A process that polls its wall clock and exits once that has jumped. */
const TRIAL = `const begun = Date.now(), steady = performance.now();
  console.log('begun');
  const timer = setInterval(() => {
    if (Date.now() - begun < 1000 * ${TRIAL_AHEAD_S}) return;
    clearInterval(timer);
    process.exit(performance.now() - steady < ${TRIAL_MS} ? 0 : 2);
  }, 20);`;

/** The wall clock of one process and its restarts, as on a machine of its own, by libfaketime. */
export class ProcessClock {
  constructor(library, file) {
    Object.assign(this, { library, file });
    this.#write(0);
  }

  /** The environment of the process. Timers and the monotonic clock stay real, as when a machine's clock is set. */
  get env() {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_CACHE_DURATION: String(REREAD_S),
    };
  }

  /** Resolves once the process uses the new time. @param aheadS seconds ahead of the true time; behind it if negative */
  async set(aheadS) {
    this.#write(aheadS);
    await sleep(1_100 * REREAD_S);
  }

  #write(aheadS) {
    writeFileSync(`${this.file}.new`, `${aheadS < 0 ? '-' : '+'}${Math.abs(aheadS)}`);
    renameSync(`${this.file}.new`, this.file); // atomic, so that no process reads half a file
  }
}

/** The library, or undefined if there is none that works with this Node; then no clock is set. */
export async function findClockLibrary(directory) {
  const library = PLACES.flatMap((place) => [place, ...directoriesOf(place)])
    .map((place) => join(place, LIBRARY))
    .find((path) => existsSync(path));
  const fault = library
    ? await failedTrial(library, directory)
    : 'libfaketime is missing: install the package faketime';
  if (!fault) return library;
  if (process.env.CI === 'true') throw new Error(fault);
  console.log(`skipping clock jumps: ${fault}`);
  return undefined;
}

function directoriesOf(place) {
  if (!existsSync(place)) return [];
  const entries = readdirSync(place, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(place, name));
}

/** Tries to set the clock of a running Node process. @returns why that failed, undefined if it worked */
async function failedTrial(library, directory) {
  const clock = new ProcessClock(library, join(directory, 'trial.clock'));
  const child = spawn(process.execPath, ['-e', TRIAL], {
    env: { ...process.env, ...clock.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), TRIAL_MS);
  child.stdout.once('data', () => clock.set(TRIAL_AHEAD_S));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  return code === 0 ? undefined : `${library} does not set the clock of a running Node ${process.version}`;
}
