import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../kernel/clock.js';
import { timeOrderedIds } from '../../kernel/ids.js';
import { guardClaim } from './claim-guard.js';

/** Identifies this claim, also among containers with the same name and pid. */
const ids = timeOrderedIds(systemClock);
const NAME = /^owner\.(\d{1,15})$/;

export interface ClaimTimes {
  /** Between two heartbeats of an owner. */
  beatMs: number;
  /** Without a heartbeat for so long, an owner counts as dead. */
  deadMs: number;
}

const TIMES: ClaimTimes = { beatMs: 1_000, deadMs: 15_000 };

/**
 * The owner of a directory on a system without locks. Its file `owner.N` has the highest number: creating the next one, which
 * only one process can do, takes the directory over and fences off the owner before. A process of its own, the guard, writes
 * the heartbeats, so that they continue while this one is busy or frozen. It kills the server when the claim is lost and
 * stops it when this process dies.
 */
export class DirectoryClaim {
  private isReleased = false;

  private constructor(private readonly guard: ChildProcess) {}

  /**
   * @param lost called when another process has taken the directory over, or the guard has died
   * @returns undefined if it has a living owner
   */
  static async take(
    directory: string,
    lost: () => void,
    { beatMs, deadMs }: ClaimTimes = TIMES,
  ): Promise<DirectoryClaim | undefined> {
    const last = await highest(directory);
    const owner = last === 0 ? 'released' : await contentOf(directory, last);
    if (!owner.endsWith('released') && (await beats(directory, last, owner, { beatMs, deadMs }))) return undefined;
    const number = last + 1;
    const file = join(directory, `owner.${number}`);
    const identity = `${hostname()} ${process.pid} ${ids.next()}`;
    try {
      await writeFile(file, `${identity} server 0 heartbeat 0`, { flag: 'wx', mode: 0o600, flush: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
      throw error;
    }
    const guard = spawn(
      process.execPath,
      ['-e', `(${guardClaim})(process.argv[1], process.argv[2], ${beatMs}, ${deadMs})`, file, identity],
      {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    guard.stdin!.on('error', () => {}); // its end is noticed below
    guard.unref();
    const claim = new DirectoryClaim(guard);
    guard.once('exit', () => {
      if (!claim.isReleased) lost();
    });
    // An owner that was only slow notices at its next heartbeat, and kills its server.
    if (!owner.endsWith('released')) await sleep(3 * beatMs);
    for (let old = last; old > 0 && old > last - 10; old--) await rm(join(directory, `owner.${old}`), { force: true });
    return claim;
  }

  /** Names the process of the server; 0 if none runs. */
  serverIs(pid: number): void {
    this.guard.stdin!.write(`${pid}\n`);
  }

  /** Call it after the server was stopped. */
  async release(): Promise<void> {
    this.isReleased = true;
    const ended = new Promise((resolve) => this.guard.once('exit', resolve));
    if (this.guard.exitCode !== null || this.guard.signalCode !== null) return;
    this.guard.ref();
    this.guard.stdin!.end();
    await ended;
  }
}

async function highest(directory: string): Promise<number> {
  const numbers = (await readdir(directory)).map((name) => Number(NAME.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

const contentOf = (directory: string, number: number): Promise<string> =>
  readFile(join(directory, `owner.${number}`), 'utf8').catch(() => '');

/** Watches the heartbeat by our own clock, since machines disagree on the time. */
async function beats(
  directory: string,
  number: number,
  before: string,
  { beatMs, deadMs }: ClaimTimes,
): Promise<boolean> {
  for (const since = performance.now(); performance.now() - since < deadMs; await sleep(beatMs / 2)) {
    if ((await contentOf(directory, number)) !== before) return true;
  }
  return false;
}
