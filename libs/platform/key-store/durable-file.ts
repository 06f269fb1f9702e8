import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Leaves the names of a directory on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Writes a file whole, or not at all, in place of one of the same name. The directory is not synchronized. */
export async function replaceFile(path: string, bytes: Buffer): Promise<void> {
  await rename(await written(path, bytes), path);
}

/** Writes a file whole, unless there is one of that name. @throws EEXIST */
export async function createFile(path: string, bytes: Buffer): Promise<void> {
  const temporary = await written(path, bytes);
  try {
    await link(temporary, path);
  } finally {
    await unlink(temporary);
  }
  await syncDirectory(dirname(path));
}

/** Overwrites a file before it removes it, for disks that write in place. A no-op without the file. */
export async function destroyFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      await file.write(Buffer.alloc((await file.stat()).size), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function written(path: string, bytes: Buffer): Promise<string> {
  const temporary = `${path}.new-${process.pid}`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}
