import { randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeKey } from './configuration/setting-kinds.js';
import type { Settings } from './configuration/settings.js';
import { makeDirectory } from './database/make-directory.js';
import { explainFailure, StartFailure } from './start-failure.js';

const BYTES = 32;

export interface KeyPlace {
  /** `master` or `identity`: names its setting, its file and its errors. */
  kind: string;
  /** From the environment. */
  key: Buffer | undefined;
  /** A configured file. */
  file: string | undefined;
  /** False if the database was used with a key already, so that a new one would be another. */
  isNew?: boolean;
}

/**
 * Loads a key from the environment or from its file. Creates a missing file only for an embedded database: otherwise
 * several processes must share one key, and a new one would hide that it is not set.
 * @throws StartFailure
 */
export async function loadKey(
  { kind, key, file, isNew = true }: KeyPlace,
  { databaseUrl, data }: Pick<Settings, 'databaseUrl' | 'data'>,
): Promise<Buffer> {
  if (key) return key;
  const path = keyPath(kind, file, data);
  const stored = await readKeyFile(path, kind);
  if (stored) return stored;
  if (!isNew) {
    throw new StartFailure(
      `${kind}-key-missing`,
      `there is no ${kind} key in ${path}, but this database was used with one: restore that file from your backup, or set GATEHOUSE_${kind.toUpperCase()}_KEY to that key`,
    );
  }
  if (databaseUrl || file) {
    const variable = `GATEHOUSE_${kind.toUpperCase()}_KEY`;
    throw new StartFailure(
      `${kind}-key-missing`,
      `there is no ${kind} key in ${path}: set ${variable}, or create the file with "openssl rand -base64 32"`,
    );
  }
  const made = randomBytes(BYTES);
  try {
    await makeDirectory(dirname(path));
    await writeFile(path, `${made.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    throw explainFailure(dirname(path), error);
  }
  return made;
}

/** Where a key is unless it is in the environment. */
export const keyPath = (kind: string, file: string | undefined, data: string): string =>
  file ?? join(data, `${kind}.key`);

/** @returns undefined without the file. @throws StartFailure if it has no key, or others may read it */
export async function readKeyFile(path: string, kind: string): Promise<Buffer | undefined> {
  try {
    const stored = decodeKey(await readPrivate(path, kind), BYTES);
    if (stored) return stored;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explainFailure(path, error);
  }
  throw new StartFailure(
    `${kind}-key-invalid`,
    `${path} does not contain ${BYTES} bytes in base64, so it is no ${kind} key: restore it from your backup`,
  );
}

/** As PostgreSQL for its own keys: only a file of root's, as Kubernetes mounts it, may have a group. */
export const isExposed = ({ mode, uid }: { mode: number; uid: number }): boolean =>
  (mode & 0o777 & ~(uid === 0 ? 0o740 : 0o700)) !== 0;

/**
 * A file with a secret.
 * @param kind what it holds, for errors
 * @throws StartFailure if others may read it; the error of the system if it can't be read
 */
export async function readPrivate(path: string, kind: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { mode, uid } = await file.stat();
    if (process.getuid && isExposed({ mode, uid })) {
      throw new StartFailure(
        `${kind}-key-exposed`,
        `${path} has mode ${(mode & 0o777).toString(8)}, with which other users of this machine may read or change the ${kind} key: run "chmod 600 ${path}"`,
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
