import { type FileHandle, open, rm } from 'node:fs/promises';
import { InvalidInput } from '../kernel/errors.js';

/**
 * Writes a new file that only its owner can read. The file is made before the content is asked for, since asking may be
 * recorded: nobody is recorded as having seen what could not be saved.
 * @throws InvalidInput if there is such a file, or it can't be written; whatever `contentOf` throws, without a file
 */
export const saveFile = <Content extends { bytes: Buffer }>(
  path: string,
  contentOf: () => Promise<Content>,
): Promise<Content> =>
  saveFiles([path], async () => {
    const content = await contentOf();
    return { ...content, files: [content.bytes] };
  });

/**
 * The same for files that belong together: none is left unless all are.
 * @param contentOf has the bytes of each file, in the order of the paths
 */
export async function saveFiles<Content extends { files: readonly Buffer[] }>(
  paths: readonly string[],
  contentOf: () => Promise<Content>,
): Promise<Content> {
  const made: { path: string; file: FileHandle }[] = [];
  try {
    for (const path of paths) made.push({ path, file: await created(path) });
    const content = await contentOf();
    for (const [n, { path, file }] of made.entries()) {
      await file.writeFile(content.files[n]!).catch((error) => {
        throw unwritable(path, error);
      });
    }
    return content;
  } catch (error) {
    for (const { path } of made) await rm(path, { force: true });
    throw error;
  } finally {
    for (const { file } of made) await file.close();
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
