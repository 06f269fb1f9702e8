import { type FileHandle, open, rm } from 'node:fs/promises';
import { InvalidInput } from '../kernel/errors.js';

/**
 * Writes a new file that only its owner can read. The file is made before the content is asked for, since asking may be
 * recorded: nobody is recorded as having seen what could not be saved.
 * @throws InvalidInput if there is such a file, or it can't be written; whatever `contentOf` throws, without a file
 */
export async function saveFile<Content extends { bytes: Buffer }>(
  path: string,
  contentOf: () => Promise<Content>,
): Promise<Content> {
  const file = await created(path);
  try {
    const content = await contentOf();
    await file.writeFile(content.bytes).catch((error) => {
      throw unwritable(path, error);
    });
    return content;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function created(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): InvalidInput {
  const { code } = error as NodeJS.ErrnoException;
  const message = code === 'EEXIST' ? `${path} exists: name another file` : `${path} can't be written (${code})`;
  return new InvalidInput([{ field: '--out', message }]);
}
