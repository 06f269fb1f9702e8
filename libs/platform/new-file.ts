import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';

/** A new file in the place of what is there: a link that somebody has put there is removed, never followed. */
export async function newFile(path: string, mode: number): Promise<FileHandle> {
  await rm(path, { force: true });
  return open(path, 'wx', mode);
}

/**
 * A file that `newFile` made before, to go on with it. Undefined if there is none, or if what is there may be of somebody
 * else: a link, another's file, one that has another name too, or that others can read.
 */
export async function ownFile(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (NOT_OURS.includes((error as NodeJS.ErrnoException).code!)) return undefined;
    throw error;
  }
  if (isOurs(await file.stat())) return file;
  await file.close();
  return undefined;
}

const isOurs = ({ uid, nlink, mode }: Stats): boolean =>
  nlink === 1 &&
  (mode & constants.S_IFMT) === constants.S_IFREG &&
  (!process.getuid || (uid === process.getuid() && (mode & 0o077) === 0));

/** Nothing is there; a link; a folder; a pipe or socket; a file that only others may write. */
const NOT_OURS = ['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO', 'EACCES', 'EPERM'];
