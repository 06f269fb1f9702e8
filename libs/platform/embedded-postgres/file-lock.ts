import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { StartFailure } from '../start-failure.js';
import { programEnvironment } from './server-user.js';

/** `held` by another process; `unsupported` by this system or its file system. */
export type NoLock = 'held' | 'unsupported';

/** From sys/fcntl.h of macOS: open() takes the lock itself. */
const O_EXLOCK = 0x20;
const CREATE = constants.O_RDWR | constants.O_CREAT;

/**
 * Takes an exclusive lock of the operating system (flock) on a file, which is created if it does not exist. Every process on
 * the machine sees it, whatever its container. It is held as long as any process has the descriptor open: a child that
 * inherits the descriptor keeps the lock when this process is killed.
 * @returns the descriptor; a plain number, since garbage collection would close a FileHandle and with it release the lock
 * @throws StartFailure if it is unknown whether the file can be locked
 */
export async function tryLockFile(path: string): Promise<number | NoLock> {
  if (process.platform !== 'linux') return openLocked(path);
  const descriptor = openSync(path, CREATE, 0o600);
  try {
    const found = await lockByProgram(descriptor);
    if (found === 'locked') return descriptor;
    closeSync(descriptor);
    return found;
  } catch (error) {
    closeSync(descriptor);
    throw programFailed(path, error);
  }
}

function openLocked(path: string): number | NoLock {
  try {
    return openSync(path, CREATE | constants.O_NONBLOCK | O_EXLOCK, 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return 'held';
    if (code === 'ENOTSUP' || code === 'EOPNOTSUPP') return 'unsupported';
    throw error;
  }
}

/**
 * Node has no flock. The program of util-linux or BusyBox locks the open file that it shares with us, and ends.
 * @throws if the program exists and could not start, or was killed
 */
async function lockByProgram(descriptor: number): Promise<'locked' | NoLock> {
  const program = spawn('flock', ['-x', '-n', '3'], {
    env: programEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', descriptor],
  });
  let complaint = '';
  program.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  let status: number | null;
  let killedBy: NodeJS.Signals | null;
  try {
    [status, killedBy] = await once(program, 'close');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'unsupported';
    throw error;
  }
  if (status === 0) return 'locked';
  if (killedBy) throw new Error(`it was ended by ${killedBy}`);
  return status === 1 && complaint === '' ? 'held' : 'unsupported';
}

/** Without the lock two servers could run in one directory, so a failure that may pass must not count as a missing lock. */
function programFailed(path: string, cause: unknown): StartFailure {
  const { code, message } = cause as NodeJS.ErrnoException;
  const remedy =
    code === 'EACCES'
      ? 'make it executable for the user of this process'
      : 'allow this process more processes, memory or open files';
  return new StartFailure(
    'lock-failed',
    `the program flock, which locks ${path}, did not run (${code ?? message}): ${remedy}, then start again`,
    { cause },
  );
}
