import type { DataSource } from 'typeorm';
import type { Settings } from '../configuration/settings.js';
import { loadKey } from '../key-file.js';

/** The keys that the master key has encrypted; without it nobody can ever decrypt them. */
const IS_USED = `
  SELECT EXISTS (SELECT FROM platform.address_key)
      OR EXISTS (SELECT FROM platform.subject_keys WHERE wrapped_key IS NOT NULL) AS used`;

/** Loads the key that wraps all others; see `loadKey`. @throws StartFailure */
export async function openMasterKey(
  dataSource: Pick<DataSource, 'query'>,
  settings: Pick<Settings, 'masterKey' | 'masterKeyFile' | 'databaseUrl' | 'data'>,
): Promise<Buffer> {
  const [{ used }] = await dataSource.query(IS_USED);
  const place = { kind: 'master', key: settings.masterKey, file: settings.masterKeyFile, isNew: !used };
  return loadKey(place, settings);
}
