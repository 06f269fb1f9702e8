import type { Settings } from '../../platform/configuration/settings.js';
import type { Pool } from '../../platform/database/database.js';
import { loadKey } from '../../platform/key-file.js';

type KeySettings = Pick<Settings, 'proofKey' | 'proofKeyFile' | 'databaseUrl' | 'data'>;

/**
 * The seed of the Ed25519 key that signs checkpoints, made at the first start of an embedded database. Undefined beside a
 * database of one's own if no key is set: then nothing is signed, since each process would make another key.
 * @throws StartFailure
 */
export async function openProofKey(pool: Pool, settings: KeySettings): Promise<Buffer | undefined> {
  const { proofKey, proofKeyFile, databaseUrl } = settings;
  if (databaseUrl && !proofKey && !proofKeyFile) return undefined;
  const { rows } = await pool.query('SELECT EXISTS (SELECT FROM proof.keys) AS used');
  return loadKey({ kind: 'proof', key: proofKey, file: proofKeyFile, isNew: !rows[0].used }, settings);
}
