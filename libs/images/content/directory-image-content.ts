import { constants, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseOtherForms } from './image-address.js';
import { type ImageContent, tooLarge, unknownContent } from './image-content.js';

const ENDINGS = ['.png', '.jpg', '.jpeg', '.webp'];

/** Files that have the name of their image, for a demonstration without an image service. */
export class DirectoryImageContent implements ImageContent {
  constructor(
    private readonly directory: string,
    private readonly maxBytes: number,
  ) {}

  async read(imageId: string): Promise<Buffer> {
    refuseOtherForms(imageId);
    for (const ending of ENDINGS) {
      const file = await opened(join(this.directory, `${imageId}${ending}`));
      if (!file) continue;
      try {
        const stat = await file.stat();
        if (stat.size > this.maxBytes) throw tooLarge(imageId, this.maxBytes);
        if (stat.isFile()) return await file.readFile();
      } finally {
        await file.close();
      }
    }
    throw unknownContent(imageId);
  }
}

const MISSING = ['ENOENT', 'ELOOP', 'ENAMETOOLONG'];

/** Follows no link, which could lead out of the directory, and waits for no pipe. */
async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (MISSING.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
