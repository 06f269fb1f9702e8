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
    const before = await lastOwner(directory, { beatMs, deadMs });
    if (before === 'lives') return undefined;
    const identity = newIdentity();
    const file = await create(directory, before.number + 1, `${identity} server 0 heartbeat 0`);
    if (!file) return undefined;
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
    await fenceOff(directory, before, beatMs);
    return claim;
  }

  /**
   * For a process with a lock of the operating system, which needs no claim: fences off an owner that shows no heartbeat.
   * @returns false if the directory has a living owner
   */
  static async supersede(directory: string, { beatMs, deadMs }: ClaimTimes = TIMES): Promise<boolean> {
    const before = await lastOwner(directory, { beatMs, deadMs });
    if (before === 'lives') return false;
    if (before.isReleased) return true;
    if (!(await create(directory, before.number + 1, `${newIdentity()} released`))) return false;
    await fenceOff(directory, before, beatMs);
    return true;
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

const newIdentity = (): string => `${hostname()} ${process.pid} ${ids.next()}`;

interface FormerOwner {
  /** 0 if there was none. */
  number: number;
  isReleased: boolean;
}

async function lastOwner(directory: string, times: ClaimTimes): Promise<FormerOwner | 'lives'> {
  const number = await highest(directory);
  const content = number === 0 ? 'released' : await contentOf(directory, number);
  const isReleased = content.endsWith('released');
  return !isReleased && (await beats(directory, number, content, times)) ? 'lives' : { number, isReleased };
}

/** @returns the path; undefined if another process was faster */
async function create(directory: string, number: number, content: string): Promise<string | undefined> {
  const file = join(directory, `owner.${number}`);
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o600, flush: true });
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
}

/** An owner that was only slow notices at its next heartbeat that it is superseded, and kills its server. */
async function fenceOff(directory: string, { number, isReleased }: FormerOwner, beatMs: number): Promise<void> {
  if (!isReleased) await sleep(3 * beatMs);
  for (let old = number; old > 0 && old > number - 10; old--)
    await rm(join(directory, `owner.${old}`), { force: true });
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
