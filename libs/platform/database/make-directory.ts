import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Creates a directory and its parents. Node's recursive mkdir throws ENOENT whatever the cause, such as a read-only file
 * system; checking access to the nearest existing directory throws the real one.
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
