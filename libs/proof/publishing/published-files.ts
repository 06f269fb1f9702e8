import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newFile } from '../../platform/new-file.js';

/** A directory that a web server serves: its readers find each file as it was or as it is, never in between. */
export class PublishedFiles {
  constructor(private readonly directory: string) {}

  /** Undefined if there is no such file. */
  async read(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.directory, path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Is on the disk, under its name, when it resolves. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const target = join(this.directory, path);
    await mkdir(dirname(target), { recursive: true });
    const temporary = `${target}.${process.pid}.new`;
    const file = await newFile(temporary, 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  }

  async removeFolder(path: string): Promise<void> {
    await rm(join(this.directory, path), { recursive: true, force: true });
  }
}
