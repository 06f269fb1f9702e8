import { type FileHandle, open, rm } from 'node:fs/promises';

/** A new file in the place of what is there: a link that somebody has put there is removed, never followed. */
export async function newFile(path: string, mode: number): Promise<FileHandle> {
  await rm(path, { force: true });
  return open(path, 'wx', mode);
}
