import type { Settings } from '../configuration/settings.js';
import { loadKey } from '../key-file.js';

/** Loads the key that wraps all others; see `loadKey`. @throws StartFailure */
export const loadMasterKey = (
  settings: Pick<Settings, 'masterKey' | 'masterKeyFile' | 'databaseUrl' | 'data'>,
): Promise<Buffer> => loadKey({ kind: 'master', key: settings.masterKey, file: settings.masterKeyFile }, settings);
