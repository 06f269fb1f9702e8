import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and its parents. Node's recursive mkdir answers ENOENT for whatever reason the system gave
 * (a read-only file system, say); asking the nearest directory that exists brings the reason back.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') await access(await nearest(resolve(path)), constants.W_OK);
    throw error;
  }
}

const nearest = (path: string): Promise<string> =>
  stat(path).then(
    () => path,
    () => nearest(dirname(path)),
  );
