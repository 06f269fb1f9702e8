import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';

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
 */
export async function tryLockFile(path: string): Promise<number | NoLock> {
  if (process.platform !== 'linux') return openLocked(path);
  const descriptor = openSync(path, CREATE, 0o600);
  const found = await lockByProgram(descriptor);
  if (found === 'locked') return descriptor;
  closeSync(descriptor);
  return found;
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

/** Node has no flock. The program of util-linux or BusyBox locks the open file that it shares with us, and ends. */
async function lockByProgram(descriptor: number): Promise<'locked' | NoLock> {
  const program = spawn('flock', ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'pipe', descriptor] });
  let complaint = '';
  program.stderr!.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const code = await once(program, 'close').then(
    ([ended]) => ended,
    () => undefined, // there is no such program
  );
  if (code === 0) return 'locked';
  return code === 1 && complaint === '' ? 'held' : 'unsupported';
}
