import { constants } from 'node:fs';
import { access, type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { InvalidInput } from '../../../libs/kernel/errors.js';
import { newFile } from '../../../libs/platform/new-file.js';

const READABLE = 0o644;

/**
 * Writes a page once it is made, in the place of what is there. That it can be written is known before the minutes that it may take; if
 * the work fails, what was there stays as it was. A link is replaced, and never followed; a pipe or device stays, and gets the page.
 * @param file none: only does the work
 * @throws InvalidInput if the file can't be written
 */
export async function withReport<Result>(
  file: string | undefined,
  work: () => Promise<Result>,
  pageOf: (result: Result) => string,
): Promise<Result> {
  if (file === undefined) return work();
  if (await writable(file, () => isStream(file))) {
    const result = await work();
    await writable(file, () => writeTo(file, pageOf(result)));
    return result;
  }
  const unfinished = `${file}.unfinished-${process.pid}`;
  const handle = await writable(file, () => newFile(unfinished, READABLE));
  try {
    const result = await work();
    await writable(file, () => written(handle, pageOf(result)));
    await writable(file, () => rename(unfinished, file));
    return result;
  } finally {
    await handle.close();
    await rm(unfinished, { force: true });
  }
}

/** Whether it is a pipe or a device. @throws an error with a code if nothing can be written there */
async function isStream(file: string): Promise<boolean> {
  const found = await lstat(file).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!found || found.isFile() || found.isSymbolicLink()) return false;
  if (found.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  await access(file, constants.W_OK);
  return true;
}

/** A pipe waits for its reader. */
async function writeTo(file: string, page: string): Promise<void> {
  const handle = await open(file, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    await handle.writeFile(page);
  } finally {
    await handle.close();
  }
}

const written = async (handle: FileHandle, page: string): Promise<void> => {
  await handle.writeFile(page);
  await handle.sync();
};

async function writable<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  return work().catch(({ code }) => {
    const message = `${file} can't be written (${code}): name a file in a folder that exists`;
    throw new InvalidInput([{ field: '--report', message }]);
  });
}
