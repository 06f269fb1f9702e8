import type { DataSource } from 'typeorm';
import type { Settings } from '../configuration/settings.js';
import { loadKey } from '../key-file.js';
import { storedEpochs } from '../key-store/root-file.js';

/** What the master key of this database has encrypted; without that key nobody can ever decrypt it. */
const IS_USED = `
  SELECT EXISTS (SELECT FROM platform.key_store)
      OR EXISTS (SELECT FROM platform.address_key WHERE wrapped_key IS NOT NULL)
      OR EXISTS (SELECT FROM platform.former_keys WHERE wrapped_key IS NOT NULL) AS used`;

/** Loads the key that encrypts all others; see `loadKey`. @throws StartFailure */
export async function openMasterKey(
  dataSource: Pick<DataSource, 'query'>,
  settings: Pick<Settings, 'masterKey' | 'masterKeyFile' | 'databaseUrl' | 'data'>,
  keyDirectory: string,
): Promise<Buffer> {
  const [{ used }] = await dataSource.query(IS_USED);
  const isNew = !used && (await storedEpochs(keyDirectory)).length === 0;
  return loadKey({ kind: 'master', key: settings.masterKey, file: settings.masterKeyFile, isNew }, settings);
}
