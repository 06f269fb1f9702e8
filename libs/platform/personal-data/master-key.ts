import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeKey } from '../configuration/setting-kinds.js';
import type { Settings } from '../configuration/settings.js';
import { makeDirectory } from '../database/make-directory.js';
import { explainFailure, StartFailure } from '../start-failure.js';

const BYTES = 32;

/**
 * Loads the key that wraps all others from the environment or from its file. Creates a missing file only for an embedded
 * database: otherwise several processes must share one key, and a new one would hide that it is not set.
 * @throws StartFailure
 */
export async function loadMasterKey(
  settings: Pick<Settings, 'masterKey' | 'masterKeyFile' | 'databaseUrl' | 'data'>,
): Promise<Buffer> {
  if (settings.masterKey) return settings.masterKey;
  const path = settings.masterKeyFile ?? join(settings.data, 'master.key');
  try {
    const key = decodeKey(await readFile(path, 'utf8'), BYTES);
    if (!key)
      throw new StartFailure(
        'master-key-invalid',
        `${path} does not contain ${BYTES} bytes in base64, so it is no master key: restore it from your backup`,
      );
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw explainFailure(path, error);
  }
  if (settings.databaseUrl || settings.masterKeyFile) {
    throw new StartFailure(
      'master-key-missing',
      `there is no master key in ${path}: set GATEHOUSE_MASTER_KEY, or create the file with "openssl rand -base64 32"`,
    );
  }
  const key = randomBytes(BYTES);
  try {
    await makeDirectory(dirname(path));
    await writeFile(path, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    throw explainFailure(dirname(path), error);
  }
  return key;
}
