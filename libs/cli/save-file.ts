import { writeFile } from 'node:fs/promises';
import { InvalidInput } from '../kernel/errors.js';

/**
 * Writes a new file that only its owner can read.
 * @throws InvalidInput if there is such a file, or it can't be written
 */
export async function saveFile(path: string, bytes: Buffer): Promise<void> {
  try {
    await writeFile(path, bytes, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = code === 'EEXIST' ? `${path} exists: name another file` : `${path} can't be written (${code})`;
    throw new InvalidInput([{ field: '--out', message }]);
  }
}
