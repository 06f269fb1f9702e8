import { randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What the name of a file that is not complete has. */
export const TEMPORARY = '.new-';

/** Leaves the names of a directory on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Writes a file whole, unless there is one of that name. The directory is synchronized. @throws EEXIST */
export async function createFile(path: string, bytes: Buffer): Promise<void> {
  const temporary = await written(path, bytes);
  try {
    await link(temporary, path);
  } finally {
    await unlink(temporary);
  }
  await syncDirectory(dirname(path));
}

/**
 * Overwrites a file before it removes it, for disks that write in place. One that has another name too is kept under that: a
 * process that ends in `createFile` leaves the temporary name of a file that is in use. A no-op without the file.
 */
export async function destroyFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      const { nlink, size } = await file.stat();
      if (nlink === 1) {
        await file.writeFile(Buffer.alloc(size));
        await file.sync();
      }
    } finally {
      await file.close();
    }
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The name says nothing of the process: those of different machines may have the same number. */
async function written(path: string, bytes: Buffer): Promise<string> {
  const temporary = `${path}${TEMPORARY}${randomBytes(8).toString('hex')}`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}
