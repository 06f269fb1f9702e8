import { randomBytes } from 'node:crypto';
import { link, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreUnavailable } from '../../kernel/errors.js';
import { readKeyFile } from '../key-file.js';
import { createFile, destroyFile, syncDirectory, TEMPORARY } from './durable-file.js';
import { type RootKey, type Wrapping, wrappingBy } from './root-key.js';

const KIND = 'master';
const KEY_BYTES = 32;
/** What the system answers where this process may not write, such as a mounted secret. */
const KEPT_BY_OTHERS = new Set(['EROFS', 'EACCES', 'EPERM', 'EBUSY', 'EXDEV']);

const code = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';

/** Names of a file that a rotation leaves for a while. */
export const nextOf = (path: string): string => `${path}.next`;
export const formerOf = (path: string): string => `${path}.old`;

/**
 * The master key is in a file, and the one that is to follow in another one beside it. Each wraps what the same key has
 * unwrapped: a process that knows an older key reads both files as soon as it meets a root that it can't decrypt.
 */
export class RootKeyFile implements RootKey {
  readonly keeper = 'file';

  /** @param current the key that was in the file when it was read */
  constructor(
    private readonly path: string,
    private current: Buffer,
  ) {}

  wrap(key: Buffer): Promise<Buffer> {
    return wrappingBy(this.current).wrap(key);
  }

  async unwrap(wrapped: Buffer): Promise<Buffer> {
    try {
      return await wrappingBy(this.current).unwrap(wrapped);
    } catch (error) {
      for (const path of [this.path, nextOf(this.path)]) {
        const stored = await readKeyFile(path, KIND);
        const key =
          stored &&
          (await wrappingBy(stored)
            .unwrap(wrapped)
            .catch(() => undefined));
        if (!key) continue;
        this.current = stored;
        return key;
      }
      throw error;
    }
  }

  /** The key in the file of the next one, which is made unless somebody has put one there. */
  async next(): Promise<Wrapping> {
    const path = nextOf(this.path);
    await this.removeTemporary();
    const given = await readKeyFile(path, KIND);
    if (given?.equals(this.current))
      throw new StoreUnavailable(`${path} has the master key that is in use: replace it by another key, or remove it`);
    if (given) return wrappingBy(given);
    try {
      await createFile(path, Buffer.from(`${randomBytes(KEY_BYTES).toString('base64')}\n`));
    } catch (error) {
      if (KEPT_BY_OTHERS.has(code(error)))
        throw new StoreUnavailable(
          `${path} can't be written (${code(error)}): put the next master key there yourself, for every process`,
        );
      // Somebody has put one there meanwhile.
      if (code(error) !== 'EEXIST') throw error;
    }
    return this.next();
  }

  /** Puts the next key into the place of the former one, which is overwritten, if this process may write there. */
  async settle(): Promise<void> {
    const next = await readKeyFile(nextOf(this.path), KIND);
    if (next && !next.equals(this.current)) return;
    try {
      if (next) await this.replace();
      await destroyFile(formerOf(this.path));
      await syncDirectory(dirname(this.path));
    } catch (error) {
      if (!KEPT_BY_OTHERS.has(code(error))) throw error;
    }
  }

  /** The former key keeps a name until it is overwritten, also if the process ends in between. */
  private async replace(): Promise<void> {
    await link(this.path, formerOf(this.path)).catch((error) => {
      if (code(error) !== 'EEXIST' && code(error) !== 'ENOENT') throw error;
    });
    await rename(nextOf(this.path), this.path).catch((error) => {
      // Another process has done it.
      if (code(error) !== 'ENOENT') throw error;
    });
    await syncDirectory(dirname(this.path));
  }

  /** Names of a next key that a process left which ended while it made one. */
  private async removeTemporary(): Promise<void> {
    const directory = dirname(this.path);
    const names = await readdir(directory);
    const left = names.filter((name) => name.startsWith(`${basename(nextOf(this.path))}${TEMPORARY}`));
    for (const name of left) await destroyFile(join(directory, name));
  }
}
